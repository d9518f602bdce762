/** The package's file, as the pages load it under this name. */
import type { Terminal as Packaged } from '@xterm/xterm';

export declare const Terminal: typeof Packaged;
