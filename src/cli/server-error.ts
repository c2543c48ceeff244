import { Hop3Error } from '../errors.ts';
import { errorInfo, type ErrorInfo } from '../server/api-types.ts';

/** An error that the server sent, with the exit code it asks for. */
export class ServerError extends Error {
  readonly info: ErrorInfo;
  constructor(info: ErrorInfo) {
    super(info.what);
    this.name = 'ServerError';
    this.info = info;
  }
}

/** An error of either side, as both are shown; null for a defect. */
export function infoOf(error: unknown): ErrorInfo | null {
  if (error instanceof ServerError) return error.info;
  if (!(error instanceof Hop3Error)) return null;
  return errorInfo(error);
}
