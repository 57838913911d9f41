/** What every contestant has to be able to do, in its own idiom. */
import type { NewBook } from './data.ts'
import type { DatabaseKind } from './options.ts'

export type Driver = 'pg' | 'sqlite3' | 'better-sqlite3'

export const DATABASE_OF: Readonly<Record<Driver, DatabaseKind>> = {
  pg: 'postgresql',
  sqlite3: 'sqlite',
  'better-sqlite3': 'sqlite',
}

/** Where the tables are. */
export interface Place {
  /** A connection string of PostgreSQL, or a file of SQLite. */
  readonly location: string
  readonly poolSize: number
}

/** As much of a book as the harness looks at; a contestant's has all seven columns. */
export interface SomeBook {
  readonly id: number
  readonly title: string
  readonly pages: number
}

/** What was found on a walk through authors, their books and the books' tags. */
export interface Tally {
  readonly authors: number
  readonly books: number
  readonly tags: number
}

/** One of many conditions on books, for queries of which no two are alike. */
export interface BookCondition {
  readonly column: 'id' | 'pages' | 'authorId'
  readonly operator: 'gt' | 'lt'
  readonly value: number
}

/** One contestant at work. */
export interface Session {
  byKey(id: number): PromiseLike<SomeBook>
  /** The first books by key. */
  books(count: number): PromiseLike<readonly SomeBook[]>
  /** The 50 latest books of authors of a country that have more than so many pages. */
  joined(country: string, pages: number): PromiseLike<readonly SomeBook[]>
  /**
   * How long the names of the authors of the first books by key are together: as people write it
   * first, in a loop over the books; by hand, the best there is. Absent: does not take part.
   */
  authorNames?(books: number): PromiseLike<number>
  /** The first authors by key, all their books, the tags of each: loaded, and walked through. */
  nested(authors: number): PromiseLike<Tally>
  /** Inserts into `draft` in the way meant for many rows. */
  insertMany(books: readonly NewBook[]): PromiseLike<unknown>
  /** Inserts into `draft` one by one, in a transaction. */
  createEach(books: readonly NewBook[]): PromiseLike<unknown>
  /** How many books of an author have more than so many pages. */
  count(authorId: number, pages: number): PromiseLike<number>
  /** Whether there is one. */
  exists(authorId: number, pages: number): PromiseLike<boolean>
  /** A book of the view `slow_book`, which takes about 5 ms. */
  slow(id: number): PromiseLike<SomeBook>
  /** Calls back with the rating of each review; rows are not all in memory at once if possible. */
  eachReview(onRating: (rating: number) => void): PromiseLike<void>
  /** The SQL of `joined`, without sending it; absent where a contestant has no such step. */
  build?(country: string, pages: number): string
  /** The SQL of a query that was probably never seen. */
  buildNew?(conditions: readonly BookCondition[]): string
  /** Slow books while other work goes on; absent: one await after the other, then the work. */
  page?(ids: readonly number[], work: () => Promise<void>): PromiseLike<readonly SomeBook[]>
  /** Books by key, all of them needed; absent: one await after the other. */
  lookups?(ids: readonly number[]): PromiseLike<readonly SomeBook[]>
  close(): Promise<void>
}

/** What the file of a contestant exports as `open`: a session for measures. */
export type Open = (driver: Driver, place: Place) => Promise<Session>
