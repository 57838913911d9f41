import { LONGEST_TIMER_MS } from '../database/deadline.ts'
import { InvalidValueError } from '../errors.ts'

/** @throws RangeError for anything but a number of milliseconds that a timer can wait. */
export function assertTimeout(ms: unknown): void {
  if (typeof ms === 'number' && ms > 0 && ms <= LONGEST_TIMER_MS) return
  throw new RangeError(`timeout() takes milliseconds, more than 0 and at most ${LONGEST_TIMER_MS}.`)
}

/** @throws InvalidValueError for anything but an AbortSignal. */
export function assertSignal(signal: unknown): void {
  if (signal instanceof AbortSignal) return
  throw new InvalidValueError('signal() takes an AbortSignal: signal(controller.signal).')
}

/** @throws RangeError for anything but a whole number of 1 or more. */
export function assertSize(size: unknown, name: string): void {
  if (Number.isSafeInteger(size) && (size as number) > 0) return
  throw new RangeError(`${name} must be a whole number of 1 or more.`)
}
