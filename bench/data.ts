/** The same rows on every machine and in every run: authors, books, tags and reviews. */

/** How many rows of each there are. */
export interface Sizes {
  readonly authors: number
  readonly books: number
  readonly tags: number
  readonly tagsPerBook: number
  readonly reviews: number
}

export const FULL: Sizes = {
  authors: 1_000,
  books: 20_000,
  tags: 50,
  tagsPerBook: 3,
  reviews: 100_000,
}

export const QUICK: Sizes = { ...FULL, authors: 100, books: 2_000, reviews: 10_000 }

/** A row by column, as JSON can carry it. */
export type PlainRow = Readonly<Record<string, string | number | boolean>>

/** A book that is to be inserted, as an application would have it at hand. */
export interface NewBook {
  readonly title: string
  readonly pages: number
  readonly price: string
  readonly inStock: boolean
  readonly publishedAt: Date
  readonly authorId: number
}

/** A hundred codes of two letters: ten authors each, whose books are some two hundred. */
export const COUNTRIES: readonly string[] = [...'ABCDEFGHIJ'].flatMap((first) =>
  [...'KLMNOPQRST'].map((second) => first + second),
)

const ADJECTIVES = [
  'Quiet',
  'Second',
  'Invisible',
  'Northern',
  'Paper',
  'Borrowed',
  'Last',
  'Early',
]
const NOUNS = ['River', 'Garden', 'Letter', 'Winter', 'Harbour', 'Machine', 'Language', 'Orchard']
const NAMES = [
  'Ann',
  'Bo',
  'Carla',
  'Dmitri',
  'Eve',
  'Femi',
  'Grace',
  'Hiro',
  'Ines',
  'Jón',
  'Kofi',
]
const FIRST_MS = Date.UTC(1990, 0, 1)
const SPAN_MS = 33 * 365 * 86_400_000

type Random = () => number

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

function pick(random: Random, from: readonly string[]): string {
  return from[below(random, from.length)] as string
}

function instant(random: Random): Date {
  return new Date(FIRST_MS + below(random, SPAN_MS))
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** Books that are in no table yet. */
export function newBooks(count: number, authors: number, seed = 7): readonly NewBook[] {
  const random = randomFrom(seed)
  return times(count, (index) => ({
    title: `The ${pick(random, ADJECTIVES)} ${pick(random, NOUNS)} ${index}`,
    pages: 50 + below(random, 1_200),
    price: (5 + below(random, 9_500) / 100).toFixed(2),
    inStock: random() < 0.8,
    publishedAt: instant(random),
    authorId: 1 + below(random, authors),
  }))
}

/** The rows of each table, in an order that foreign keys allow. */
export function tablesOf(sizes: Sizes): ReadonlyMap<string, readonly PlainRow[]> {
  return new Map([
    ['author', authorRows(sizes)],
    ['tag', times(sizes.tags, (index) => ({ id: index + 1, name: `tag ${index + 1}` }))],
    ['book', bookRows(sizes)],
    ['book_tag', linkRows(sizes)],
    ['review', reviewRows(sizes)],
  ])
}

function authorRows({ authors }: Sizes): readonly PlainRow[] {
  const random = randomFrom(1)
  return times(authors, (index) => ({
    id: index + 1,
    name: `${pick(random, NAMES)} ${pick(random, NOUNS)} ${index + 1}`,
    email: `author${index + 1}@example.org`,
    country: pick(random, COUNTRIES),
    created_at: instant(random).toISOString(),
  }))
}

function bookRows({ books, authors }: Sizes): readonly PlainRow[] {
  return newBooks(books, authors, 2).map((book, index) => ({
    id: index + 1,
    title: book.title,
    pages: book.pages,
    price: book.price,
    in_stock: book.inStock,
    published_at: book.publishedAt.toISOString(),
    author_id: book.authorId,
  }))
}

/** Each book has as many tags as every other, each tag once. */
function linkRows({ books, tags, tagsPerBook }: Sizes): readonly PlainRow[] {
  const random = randomFrom(3)
  return times(books, (index) => {
    const first = below(random, tags)
    return times(tagsPerBook, (nth) => ({
      book_id: index + 1,
      tag_id: 1 + ((first + nth * 7) % tags),
    }))
  }).flat()
}

function reviewRows({ reviews, books }: Sizes): readonly PlainRow[] {
  const random = randomFrom(4)
  return times(reviews, (index) => ({
    id: index + 1,
    rating: 1 + below(random, 5),
    body: `${pick(random, NAMES)} found the ${pick(random, NOUNS)} ${pick(random, ADJECTIVES)}.`,
    created_at: instant(random).toISOString(),
    book_id: 1 + below(random, books),
  }))
}
