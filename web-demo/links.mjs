// links.mjs - where the page leads: guides, which are built into it as plain text, and what package.json knows of.
// SPDX-License-Identifier: MIT

/** Files of the repository that the page has with it: the name there, and what it is about. */
export const guides = {
  'readme.txt': ['README.md', 'Read me'],
  'stream-a-log.txt': ['docs/stream-a-log.md', 'Stream a log'],
  'watch-a-signal.txt': ['docs/watch-a-signal.md', 'Watch a signal'],
  'personalise-autocomplete.txt': ['docs/personalise-autocomplete.md', 'Complete words'],
  'recall.txt': ['docs/recall.md', 'How it remembers'],
  'train-on-your-text.txt': ['docs/train-on-your-text.md', 'Train on your text'],
  'command-line.txt': ['docs/command-line.md', 'Command line'],
  'benchmarks.txt': ['docs/benchmarks.md', 'Benchmarks'],
  'limits.txt': ['docs/limits.md', 'Honest limits'],
  'models.txt': ['models/README.md', 'The models'],
};

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
const link = (href, text, more = '') => `<a href="${escaped(href)}"${more}>${text}</a>`;

/** An address that a browser opens, of what package.json calls a repository; undefined if it is none. */
function addressOf(repository) {
  const url = typeof repository === 'string' ? repository : repository?.url;
  const address = url?.replace(/^git\+/, '').replace(/\.git$/, '');
  return address?.startsWith('https://') ? address : undefined;
}

/**
 * Links of the bar to source and documentation, as HTML: those that package.json knows. `site`: where the site lies that
 * the page is a part of; it takes the place of the frame that the page may be in.
 */
export function knownLinks({ homepage, repository }, site) {
  const source = addressOf(repository);
  const known = homepage?.startsWith('https://') ? [link(homepage, 'Documentation')] : [];
  return [
    ...(site ? [link(site, 'Documentation', ' target="_top"')] : known),
    ...(source ? [link(source, 'Source')] : []),
  ].join(' ');
}

/** Links to all guides, as HTML. */
export const guideLinks = () =>
  Object.entries(guides)
    .map(([file, [, title]]) => link(file, title))
    .join(' ');
