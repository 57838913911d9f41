/** An entry, between the one that was asked for before it and the one after it. */
interface Link<K, V> {
  readonly key: K
  readonly value: V
  older: Link<K, V> | null
  newer: Link<K, V> | null
}

/** A map of at most `size` entries, which drops those that were not asked for the longest. */
export class LruMap<K, V> {
  readonly #links: Map<K, Link<K, V>> = new Map()
  readonly #onDrop: (value: V, key: K) => void
  #size: number
  #oldest: Link<K, V> | null = null
  #newest: Link<K, V> | null = null

  /** @param onDrop is told of each entry that is dropped for others. */
  constructor(size: number, onDrop: (value: V, key: K) => void = () => undefined) {
    this.#size = size
    this.#onDrop = onDrop
  }

  /** How many entries there are. */
  get count(): number {
    return this.#links.size
  }

  /** The value of a key, which is now the last to be dropped. */
  get(key: K): V | undefined {
    // A list beside the map: to put an entry into a Map anew takes ten times as long.
    const link = this.#links.get(key)
    if (link === undefined) return undefined
    if (link !== this.#newest) {
      this.#unlink(link)
      this.#append(link)
    }
    return link.value
  }

  /** Sets a value, and drops the oldest where there is no room. */
  set(key: K, value: V): void {
    this.delete(key)
    const link: Link<K, V> = { key, value, older: null, newer: null }
    this.#links.set(key, link)
    this.#append(link)
    this.#trim()
  }

  delete(key: K): void {
    const link = this.#links.get(key)
    if (link === undefined) return
    this.#links.delete(key)
    this.#unlink(link)
  }

  /** Room for so many entries from now on. */
  resize(size: number): void {
    this.#size = size
    this.#trim()
  }

  /** Drops every entry. */
  clear(): void {
    while (this.#oldest !== null) this.#drop(this.#oldest)
  }

  #trim(): void {
    while (this.#links.size > this.#size && this.#oldest !== null) this.#drop(this.#oldest)
  }

  #drop(link: Link<K, V>): void {
    this.delete(link.key)
    this.#onDrop(link.value, link.key)
  }

  #append(link: Link<K, V>): void {
    link.older = this.#newest
    link.newer = null
    if (this.#newest === null) this.#oldest = link
    else this.#newest.newer = link
    this.#newest = link
  }

  #unlink({ older, newer }: Link<K, V>): void {
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
  }
}
