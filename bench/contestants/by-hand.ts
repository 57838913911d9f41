/** What an eager load by hand consists of: three plain queries and two maps. */
import type { Tally } from '../contestant.ts'

export interface AuthorRow {
  readonly id: number
  readonly name: string
}

export interface BookRow {
  readonly id: number
  readonly title: string
  readonly pages: number
  readonly author_id: number
}

/** A tag, once for each book that has it. */
export interface TagRow {
  readonly id: number
  readonly name: string
  readonly book_id: number
}

/** Puts the rows together and walks through them. */
export function walk(
  authors: readonly AuthorRow[],
  books: readonly BookRow[],
  tags: readonly TagRow[],
): Tally {
  const booksByAuthor = groupBy(books, (book) => book.author_id)
  const tagsByBook = groupBy(tags, (tag) => tag.book_id)
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { id } of authors) {
    for (const book of booksByAuthor.get(id) ?? []) {
      tally.books++
      for (const _tag of tagsByBook.get(book.id) ?? []) tally.tags++
    }
  }
  return tally
}

/** The keys of the authors of some books, each once. */
export function authorIdsOf(books: readonly BookRow[]): readonly number[] {
  return [...new Set(books.map((book) => book.author_id))]
}

/** Gives each book its author, and measures the names. */
export function nameLengths(books: readonly BookRow[], authors: readonly AuthorRow[]): number {
  const byId = new Map(authors.map((author) => [author.id, author]))
  let length = 0
  for (const { author_id } of books) length += byId.get(author_id)?.name.length ?? 0
  return length
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}
