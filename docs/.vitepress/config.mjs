// The site that VitePress makes of build/docs-pages: navigation, search, and how Markdown is read.
// SPDX-License-Identifier: MIT
import { slug } from '../site/anchors.mjs';
import { linkNames } from '../site/c-reference.mjs';
import { gathered, pageGroups, references, root, site } from '../site/pages.mjs';

const entry = ({ title, out, parts }) => ({
  text: title,
  link: `/${out}`,
  ...(parts && {
    collapsed: true,
    items: parts.map((part) => ({
      text: part.title,
      collapsed: true,
      items: part.pages.map(entry),
    })),
  }),
});

const groups = pageGroups();
groups.splice(2, 0, { title: 'Reference', pages: references() });
const sidebar = groups.map(({ title, pages }) => ({ text: title, items: pages.map(entry) }));

export default {
  title: 'Bit-TTT',
  description: 'A small neural memory that learns while it reads.',
  lang: 'en',
  base: './',
  srcDir: gathered,
  outDir: site,
  cacheDir: `${root}/build/docs-cache`,
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    anchor: { slugify: (text) => slug(text) },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    codeTransformers: [
      {
        name: 'names of the C API',
        postprocess: (html, { meta }) =>
          meta?.__raw?.includes('reference') ? linkNames(html) : undefined,
      },
    ],
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/stream-a-log.html' },
      { text: 'TypeScript', link: '/api/typescript/index.html' },
      { text: 'C', link: '/api/c.html' },
      { text: 'Demo', link: '/demo/index.html', target: '_blank' },
    ],
    sidebar,
    outline: { level: [2, 3] },
    externalLinkIcon: false,
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          // The parts of C's names are words like those of guides: what explains comes first.
          searchOptions: { boostDocument: (place) => (place.includes('api/c.') ? 0.2 : 1) },
        },
      },
    },
  },
};
