let tick = 0
const lastWrites = new Map<string, number>()

/**
 * Notes that rows of a table were written, on whatever database: what was read of it before may be
 * out of date.
 *
 * @example
 * noteWrite('books')
 */
export function noteWrite(table: string): void {
  tick += 1
  lastWrites.set(table, tick)
}

/** A mark of now, for `isWrittenSince`. */
export function writeMark(): number {
  return tick
}

/**
 * Whether any of the tables was written through this library, in this process, since a mark was
 * taken. What a raw knex query or another process writes is not known here.
 *
 * @example
 * const mark = writeMark()
 * …
 * if (isWrittenSince(['books', 'authors'], mark)) forget()
 */
export function isWrittenSince(tables: Iterable<string>, mark: number): boolean {
  if (tick === mark) return false
  for (const table of tables) if ((lastWrites.get(table) ?? 0) > mark) return true
  return false
}
