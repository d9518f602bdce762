/** The demo cannot run as things are on this machine; the message says what to do. Exit code 69, "unavailable". */
export class CannotRunDemo extends Error {
  override readonly name = 'CannotRunDemo';
  readonly exitCode = 69;
}
