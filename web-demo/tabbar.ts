/**
 * tabbar.ts - tabs by the keyboard pattern of WAI-ARIA; the one that is open stands in the address.
 * SPDX-License-Identifier: MIT
 */
import { find } from './dom.js';

/** Makes the tabs work; `onOpen` has what is to be done when a tab is opened, by its panel's id. */
export function setUpTabs(onOpen: Readonly<Record<string, () => void>>): void {
  const bar = find(document, '#tabs');
  const tabs = [...bar.querySelectorAll<HTMLElement>('[role=tab]')];
  const panelOf = (tab: HTMLElement): HTMLElement =>
    find(document, `#${tab.getAttribute('aria-controls')}`);

  const open = (tab: HTMLElement, focus: boolean): void => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute('aria-selected', String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      panelOf(other).hidden = !chosen;
    }
    if (focus) tab.focus();
    onOpen[panelOf(tab).id]?.();
    history.replaceState(null, '', `#${panelOf(tab).id}`);
  };

  bar.addEventListener('click', (event) => {
    const tab = (event.target as Element).closest<HTMLElement>('[role=tab]');
    if (tab) open(tab, false);
  });
  bar.addEventListener('keydown', (event) => {
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    const next = to[event.key];
    if (next === undefined || at < 0) return;
    event.preventDefault();
    open(tabs.at(next % tabs.length)!, true);
  });
  const fromAddress = (): void => {
    const place = location.hash && document.getElementById(location.hash.slice(1));
    const wanted = place && tabs.find((tab) => panelOf(tab) === place.closest('[role=tabpanel]'));
    if (wanted) open(wanted, false);
  };
  window.addEventListener('hashchange', fromAddress);
  fromAddress();
}
