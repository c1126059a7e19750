// What the site is made of: its pages, in the order of the navigation.
// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, the site, and the Markdown that the site is made of. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const site = join(root, 'build/docs');
export const gathered = join(root, 'build/docs-pages');

const guides = {
  'stream-a-log': 'Stream a log',
  pino: 'From pino',
  'watch-a-signal': 'Watch a signal',
  'personalise-autocomplete': 'Personalise autocomplete',
  proofread: 'Find what readers stumble over',
  'save-and-move-a-memory': 'Save and move a memory',
  'train-on-your-text': 'Train on your text',
  'fine-tune': 'Fine-tune a model',
  recall: 'How recall works',
  detection: 'How detection works',
  layer: 'The layer',
  'other-languages': 'C, Python, C#, Unity',
  deploy: 'Deploy',
  runtimes: 'Where it runs',
  'command-line': 'Command line',
  api: 'API at a glance',
  errors: 'Errors',
  promises: 'What is exact, and tested',
  limits: 'Honest limits',
  benchmarks: 'Benchmarks',
};

function exampleReadmes() {
  const names = readdirSync(join(root, 'examples')).sort();
  const files = names.map((name) => `examples/${name}/README.md`);
  return files.filter((file) => existsSync(join(root, file)));
}

const page = (source, out, title) => ({ source, out, title });

const EXAMPLE_TITLES = {
  c: 'C',
  cpp: 'C++',
  csharp: 'C#',
  electron: 'Electron',
  python: 'Python',
  research: 'Research',
  unity: 'Unity',
};

/** Groups of pages made from Markdown files of the repository: where each lies, and its name. */
export function pageGroups() {
  const examples = exampleReadmes().map((file) => {
    const name = file.split('/')[1];
    return page(file, file.replace('/README.md', '.html'), EXAMPLE_TITLES[name] ?? name);
  });
  examples.unshift(page('examples/README.md', 'examples.html', 'Build and run them'));
  return [
    {
      title: 'Bit-TTT',
      pages: [
        page('docs/home.md', 'index.html', 'Start'),
        page('README.md', 'readme.html', 'Read me first'),
        page('README.ja.md', 'readme-ja.html', '日本語'),
      ],
    },
    {
      title: 'Guides',
      pages: Object.entries(guides).map(([name, title]) =>
        page(`docs/${name}.md`, `${name}.html`, title),
      ),
    },
    { title: 'Examples', pages: examples },
    {
      title: 'Background',
      pages: [
        page('models/README.md', 'models.html', 'The models that ship'),
        page('models/english.md', 'english-model.html', 'Everyday English'),
        page('models/stories.md', 'stories-model.html', "Children's stories"),
        page('models/ATTRIBUTION.md', 'attribution.html', 'Texts they were trained on'),
        page('ARCHITECTURE.md', 'architecture.html', 'Architecture'),
        page('CONTRIBUTING.md', 'contributing.html', 'Contributing'),
        page('SECURITY.md', 'security.html', 'Security'),
        page('CHANGELOG.md', 'changelog.html', 'Changes'),
      ],
    },
  ];
}

/** The folders of the TypeScript reference, in the order of its front page, and what they hold. */
const kinds = {
  classes: 'Classes',
  functions: 'Functions',
  variables: 'Variables',
  interfaces: 'Interfaces',
  'type-aliases': 'Type aliases',
};

/** The two references, which are made from sources; the first with a list of what was gathered for it. */
export function references() {
  const folder = 'api/typescript';
  const parts = Object.entries(kinds).map(([kind, title]) => {
    const names = readdirSync(join(gathered, folder, kind)).map((name) => name.replace('.md', ''));
    const pages = names.sort().map((name) => page('', `${folder}/${kind}/${name}.html`, name));
    return { title, pages };
  });
  return [
    { out: `${folder}/index.html`, title: 'TypeScript', parts },
    { out: 'api/c.html', title: 'C' },
  ];
}

/** Public headers, in the order of the C reference. */
export const headers = ['base.h', 'ttt.h', 'ternary.h', 'recall.h', 'llama.h'].map(
  (name) => `include/bit_ttt/${name}`,
);
