/** What a callback did. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** Awaits what a callback gave, which may be a lazy thenable, inside its own context. */
function settleInside<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const value = fn()
    const then = (value as PromiseLike<T> | null | undefined)?.then
    if (typeof then === 'function') then.call(value, resolve, reject)
    else resolve(value)
  })
}

/** Calls a function and waits for what it gives; never rejects. */
export async function settle<T>(fn: () => T | PromiseLike<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await settleInside(fn) }
  } catch (error) {
    return { ok: false, error }
  }
}
