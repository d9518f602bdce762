/** A bash line that leaves a process behind, in a session of its own, which ignores every signal that it can. */
export const stubborn = `setsid bash -c 'trap "" HUP INT QUIT TERM USR1 USR2 TSTP; while :; do sleep 0.05; done' >/dev/null 2>&1 & sleep 0.1`;
