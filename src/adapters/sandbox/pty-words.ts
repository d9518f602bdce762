/** What socat is told, whose child a terminal's shell is. */

export const ptyOptions = 'pty,setsid,ctty,stderr,sane';

/**
 * Bytes that socat moves at once. The kernel's buffer of a terminal takes about 4,000: a larger block, typed into a
 * program that echoes, waits for room that only socat itself could make by reading, for ever. Smaller ones are slower.
 */
export const ptyBlocks = ['-b', '3072'];
