/**
 * What belongs to an object: made from it the first time, and gone with it.
 *
 * @example remembered(farRows, relation, toFarRow)
 */
export function remembered<K extends object, V>(
  known: WeakMap<K, V>,
  key: K,
  make: (key: K) => V,
): V {
  const before = known.get(key)
  if (before !== undefined) return before
  const made = make(key)
  known.set(key, made)
  return made
}
