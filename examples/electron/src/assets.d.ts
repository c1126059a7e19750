/** Addresses of files, as the demo's builder makes them; build.mjs leaves them out. SPDX-License-Identifier: MIT */
declare module '*?url' {
  const url: string;
  export default url;
}
