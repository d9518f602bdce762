/** The package's file, as the pages load it under this name. */
import type { WebLinksAddon as Packaged } from '@xterm/addon-web-links';

export declare const WebLinksAddon: typeof Packaged;
