/** A map of at most `size` entries, which drops those that were not asked for the longest. */
export class LruMap<K, V> {
  readonly #entries: Map<K, V> = new Map()
  readonly #onDrop: (value: V, key: K) => void
  #size: number

  /** @param onDrop is told of each entry that is dropped for others. */
  constructor(size: number, onDrop: (value: V, key: K) => void = () => undefined) {
    this.#size = size
    this.#onDrop = onDrop
  }

  /** How many entries there are. */
  get count(): number {
    return this.#entries.size
  }

  /** The value of a key, which is now the last to be dropped. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  /** Sets a value, and drops the oldest where there is no room. */
  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#trim()
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  /** Room for so many entries from now on. */
  resize(size: number): void {
    this.#size = size
    this.#trim()
  }

  /** Drops every entry. */
  clear(): void {
    const entries = [...this.#entries]
    this.#entries.clear()
    for (const [key, value] of entries) this.#onDrop(value, key)
  }

  #trim(): void {
    for (const [key, value] of this.#entries) {
      if (this.#entries.size <= this.#size) return
      this.#entries.delete(key)
      this.#onDrop(value, key)
    }
  }
}
