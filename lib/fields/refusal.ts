import { types } from 'node:util'

/**
 * Why a value was not accepted: what was expected and what kind of thing came instead.
 *
 * Returned instead of thrown, because validation collects several of them and because an
 * exception costs a hundred times a comparison. The message starts with a verb, so that
 * whoever knows the column can put its name before it.
 */
export class Refusal {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/**
 * A refusal that names the type expected and the type received, never the value.
 *
 * @example refuse('an integer', {}).message // 'expects an integer, got an object'
 */
export function refuse(expected: string, received: unknown): Refusal {
  return new Refusal(`expects ${expected}, got ${describeValue(received)}`)
}

/**
 * The kind of a value in words, found without running any code of its owner (no getters, no
 * `constructor.name`, no proxy traps), since hostile values come here.
 *
 * @example describeValue([1]) // 'an array'
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
      return describeNumber(value)
    case 'object':
      return value === null ? 'null' : describeObject(value)
    case 'undefined':
      return 'undefined'
    default:
      return `a ${typeof value}`
  }
}

function describeNumber(value: number): string {
  if (Number.isInteger(value)) return 'a number'
  return Number.isFinite(value) ? 'a number with a fraction' : String(value)
}

function describeObject(value: object): string {
  // Before anything else: asking a revoked proxy whether it is an array throws.
  if (types.isProxy(value)) return 'a Proxy'
  if (Array.isArray(value)) return 'an array'
  if (types.isDate(value)) {
    return Number.isNaN(Date.prototype.getTime.call(value)) ? 'an invalid Date' : 'a Date'
  }
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return 'binary data'
  if (types.isMap(value)) return 'a Map'
  if (types.isSet(value)) return 'a Set'
  if (types.isPromise(value)) return 'a promise'
  if (types.isRegExp(value)) return 'a regular expression'
  return 'an object'
}
