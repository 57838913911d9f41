import { FieldError, InvalidValueError } from '../errors.ts'
import { isPlainObject } from './plain-object.ts'

type Refusal = new (message: string) => Error

/**
 * Makes sure that something can be called, before anything is sent that waits for it.
 *
 * @throws InvalidValueError, or the `refusal`, that shows the call.
 * @example assertFunction(fn, 'atomic(async () => { … })', TransactionError)
 */
export function assertFunction(
  given: unknown,
  example: string,
  refusal: Refusal = InvalidValueError,
): void {
  if (typeof given === 'function') return
  const [verb] = example.split('(')
  throw new refusal(`${verb}() takes a function: ${example}.`)
}

/**
 * Makes sure that something is an array: a text has a length too, and a Set none.
 *
 * @throws InvalidValueError, or the `refusal`, that shows the call.
 * @example assertList(names, "save({ fields: ['title'] })", FieldError)
 */
export function assertList(
  given: unknown,
  example: string,
  refusal: Refusal = InvalidValueError,
): asserts given is readonly unknown[] {
  if (Array.isArray(given)) return
  const [verb] = example.split('(')
  throw new refusal(`${verb}() takes an array: ${example}.`)
}

/**
 * Makes sure that values by property can be read of something: of an object as it is written, or of
 * an instance of a class that has some. A Map, a form or a list has none that one would see.
 *
 * @throws InvalidValueError
 * @example assertValues(defaults, 'defaults of getOrCreate()')
 */
export function assertValues(given: unknown, what: string): asserts given is object {
  if (isPlainObject(given)) return
  if (typeof given === 'object' && given !== null && Object.keys(given).length > 0) return
  throw new InvalidValueError(`${what}: expected an object of values by property.`)
}

/**
 * Makes sure that something says yes or no, or nothing.
 *
 * @throws FieldError, or the `refusal`, that names the option.
 * @example assertFlag(options.readOnly, 'atomic()', 'readOnly')
 */
export function assertFlag(
  given: unknown,
  verb: string,
  name: string,
  refusal: Refusal = FieldError,
): void {
  if (given === undefined || typeof given === 'boolean') return
  throw new refusal(`${verb} takes true or false as ${name}.`)
}
