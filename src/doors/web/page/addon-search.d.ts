/** The package's file, as the pages load it under this name. */
import type { SearchAddon as Packaged } from '@xterm/addon-search';

export declare const SearchAddon: typeof Packaged;
