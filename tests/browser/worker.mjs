// The same exercise off the main thread.
// SPDX-License-Identifier: MIT
import { exercise } from './exercise.mjs';

postMessage(await exercise());
