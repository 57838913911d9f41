/** The tables of the benchmarks, as plain SQL: no contestant makes them. */
import type { DatabaseKind } from './options.ts'

interface Types {
  readonly key: string
  readonly instant: string
  readonly decimal: string
  readonly boolean: string
}

const TYPES: Readonly<Record<DatabaseKind, Types>> = {
  postgresql: {
    key: 'serial primary key',
    instant: 'timestamptz',
    decimal: 'numeric(8, 2)',
    boolean: 'boolean',
  },
  // Decimals as text: SQLite's own keep 15 digits.
  sqlite: { key: 'integer primary key', instant: 'text', decimal: 'text', boolean: 'boolean' },
}

/** Takes about 5 ms, whichever row is asked for: the server sleeps, SQLite counts. */
const SLOW: Readonly<Record<DatabaseKind, string>> = {
  postgresql: 'create view slow_book as select book.* from pg_sleep(0.005), book',
  sqlite: `create view slow_book as select book.* from book, (
    with recursive c(n) as (select 1 union all select n + 1 from c where n < 25000)
    select max(n) as most from c) where most > 0`,
}

/** The statements that make the tables; `draft` is a second, empty `book` to write into. */
export function createStatements(kind: DatabaseKind): readonly string[] {
  const types = TYPES[kind]
  return [
    `create table author (id ${types.key}, name varchar(100) not null,
      email varchar(254) not null unique, country varchar(2) not null,
      created_at ${types.instant} not null)`,
    `create table tag (id ${types.key}, name varchar(50) not null)`,
    bookTable('book', types),
    bookTable('draft', types),
    `create table book_tag (book_id integer not null references book (id),
      tag_id integer not null references tag (id), primary key (book_id, tag_id))`,
    `create table review (id ${types.key}, rating integer not null, body text not null,
      created_at ${types.instant} not null, book_id integer not null references book (id))`,
    'create index author_country on author (country)',
    'create index book_author_id on book (author_id)',
    'create index book_tag_tag_id on book_tag (tag_id)',
    'create index review_book_id on review (book_id)',
    SLOW[kind],
  ]
}

function bookTable(name: string, { key, instant, decimal, boolean }: Types): string {
  return `create table ${name} (id ${key}, title varchar(200) not null, pages integer not null,
    price ${decimal} not null, in_stock ${boolean} not null, published_at ${instant} not null,
    author_id integer not null references author (id))`
}
