/** The walk through what drizzle nested: tags are below the rows of the join table. */
import type { Tally } from '../../contestant.ts'

interface NestedAuthor {
  readonly books: readonly { readonly links: readonly { readonly tag: object }[] }[]
}

export function tallyOf(authors: readonly NestedAuthor[]): Tally {
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books } of authors) {
    for (const { links } of books) {
      tally.books++
      for (const _link of links) tally.tags++
    }
  }
  return tally
}
