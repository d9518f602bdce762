/** The package's file, as the pages load it under this name. */
import type { FitAddon as Packaged } from '@xterm/addon-fit';

export declare const FitAddon: typeof Packaged;
