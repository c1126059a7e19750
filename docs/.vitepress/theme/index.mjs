// The look of the site: VitePress's own without its fonts, in the colours of the demo. Beside the title of the
// landing page stand lines of a log with their scores, as they were read when the site was built.
// SPDX-License-Identifier: MIT
import { Content } from 'vitepress';
import theme, { VPHomeContent, VPHomeFeatures, VPHomeHero } from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import found from '../../../build/docs-pages/found.json';
import './style.css';

const row = ({ line, text, score, alarm }) =>
  h('tr', { class: { alarm } }, [
    h('td', line.toLocaleString('en')),
    h('td', score.toFixed(1)),
    h('td', text),
  ]);

const picture = () =>
  h('figure', { class: 'found' }, [
    h('table', [
      h('thead', h('tr', [h('th', 'line'), h('th', 'score'), h('th', 'what it says')])),
      h('tbody', found.lines.map(row)),
    ]),
    h('figcaption', [
      `Out of ${found.total.toLocaleString('en')} lines of a log: the odd one has the highest score. `,
      'Nobody had said what to look for.',
    ]),
  ]);

const INSTALL = 'npm install bit-ttt';

async function copy({ currentTarget: button }) {
  await navigator.clipboard.writeText(INSTALL);
  button.textContent = 'Copied';
}

const install = () =>
  h('p', { class: 'install' }, [
    h('code', INSTALL),
    h('button', { type: 'button', onClick: copy }, 'Copy'),
    h('a', { href: '#get-it' }, 'Not on the registry yet: how to get it'),
  ]);

/** The landing page as VitePress has it, but its content is the page's <main>. */
const Home = () =>
  h('main', { class: 'VPHome' }, [
    h(VPHomeHero, null, { 'home-hero-actions-after': install, 'home-hero-image': picture }),
    h(VPHomeFeatures),
    h(VPHomeContent, null, () => h(Content)),
  ]);

export default {
  extends: theme,
  // The slot tells the layout that there is a picture.
  Layout: () => h(theme.Layout, null, { 'home-hero-image': picture }),
  enhanceApp: ({ app }) => void app.component('home', Home),
};
