// What the preload offers the page, and all that passes between the processes.
// SPDX-License-Identifier: MIT

/** What the window asks for. */
interface StoryRequest {
  prompt: string;
  temperature: number;
  seed: number;
}

/** How a story ended; `error` is a sentence for people, or null. */
interface StoryEnd {
  stopped: boolean;
  error: string | null;
}

interface EngineInfo {
  backend: string;
  kernel: string;
  /** Why the addon is not in use, or null. */
  fallback: string | null;
}

interface StoryBridge {
  info(): Promise<EngineInfo>;
  /** Writes a story; `onPiece` gets its text as it comes. One at a time. */
  write(request: StoryRequest, onPiece: (piece: string) => void): Promise<StoryEnd>;
  stop(): void;
}

interface Window {
  readonly bitTtt: StoryBridge;
}
