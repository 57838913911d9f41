/**
 * Whether a value is an object written as `{…}`, in this realm or another (what `structuredClone`
 * makes in a test of Jest), or made with a null prototype, and not an instance of a class, an array
 * or a proxy of one.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  // Another realm's Object.prototype has no prototype either.
  return Object.getPrototypeOf(prototype) === null
}

/**
 * The same options without what they inherit: whatever a program, or an attack on it, put on
 * `Object.prototype` is no option of anybody.
 *
 * @example ownOptions({ flat: true })
 */
export function ownOptions<T extends object>(options: T): T {
  return Object.assign(Object.create(null) as T, options)
}
