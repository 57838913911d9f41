/** Models of the compile and query specs, and the comparison of SQL on every dialect. */
import { expect } from 'chai'
import pg from 'pg'
import sqlite3 from 'sqlite3'
import { setShapeCacheSize } from '../../lib/compile/cache.ts'
import type { CompiledStatement } from '../../lib/compile/statement.ts'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { fields } from '../../lib/fields/fields.ts'
import { define, type ModelDefinition, metaOf } from '../../lib/meta/meta.ts'
import type { ModelMeta } from '../../lib/meta/model-meta.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { initialState } from '../../lib/query/state.ts'

class Country {}
class Author {}
class Profile {}
class Tag {}
class Book {}
class Review {}

function model(modelClass: object, table: string, map: object, options: object = {}): void {
  define(modelClass, {
    table,
    fields: map,
    options,
    site: `spec of ${table}`,
    onLink: () => {},
  } as ModelDefinition)
  metaOf(modelClass)
}

model(Country, 'countries', { name: fields.char({ maxLength: 50 }) }, { ordering: ['name'] })
model(Author, 'authors', {
  name: fields.char({ maxLength: 100 }),
  email: fields.email({ null: true }),
  mentor: fields.foreignKey('self', { onDelete: 'setNull', null: true, relatedName: 'students' }),
  country: fields.foreignKey(Country as never, { onDelete: 'cascade', relatedName: 'authors' }),
})
model(Profile, 'profiles', {
  author: fields.oneToOne(Author as never, { onDelete: 'cascade', relatedName: 'profile' }),
  text: fields.text({ null: true }),
})
model(Tag, 'tags', { name: fields.char({ maxLength: 20 }) })
model(
  Book,
  'books',
  {
    title: fields.char({ maxLength: 200 }),
    pages: fields.integer({ null: true }),
    price: fields.decimal({ maxDigits: 8, decimalPlaces: 2, null: true }),
    isbn: fields.bigInteger({ null: true }),
    rating: fields.float({ null: true }),
    live: fields.boolean({ default: true }),
    code: fields.uuid({ null: true }),
    day: fields.date({ null: true }),
    at: fields.dateTime({ null: true }),
    seen: fields.dateTime({ null: true, storage: 'epochMs' }),
    clock: fields.time({ null: true }),
    data: fields.json({ null: true }),
    cover: fields.binary({ null: true }),
    author: fields.foreignKey(Author as never, { onDelete: 'cascade', relatedName: 'books' }),
    editor: fields.foreignKey(Author as never, {
      onDelete: 'setNull',
      null: true,
      relatedName: 'edited',
    }),
    tags: fields.manyToMany(Tag as never, { relatedName: 'books' }),
  },
  { ordering: ['title', '-id'] },
)
model(Review, 'reviews', {
  book: fields.foreignKey(Book as never, { onDelete: 'cascade', relatedName: 'reviews' }),
  stars: fields.smallInteger({}),
})

const TABLES = `
create table countries (id integer primary key, name text not null);
create table authors (id integer primary key, name text not null, email text,
  mentor_id integer, country_id integer not null);
create table profiles (id integer primary key, author_id integer not null unique, text text);
create table tags (id integer primary key, name text not null);
create table books (id integer primary key, title text not null, pages integer, price text,
  isbn integer, rating real, live integer not null default 1, code text, day text, at text,
  seen integer, clock text, data text, cover blob, author_id integer not null, editor_id integer);
create table books_tags (id integer primary key, book_id integer not null, tag_id integer not null);
create table reviews (id integer primary key, book_id integer not null, stars integer not null);
`

/** The metadata of the models. */
export const metas: Readonly<Record<string, ModelMeta>> & {
  readonly Author: ModelMeta
  readonly Book: ModelMeta
} = {
  Country: metaOf(Country),
  Author: metaOf(Author),
  Profile: metaOf(Profile),
  Tag: metaOf(Tag),
  Book: metaOf(Book),
  Review: metaOf(Review),
}

/** `Model.objects.all()` as a state; without the ordering that the model has. */
export const all = {
  Country: unordered(metaOf(Country)),
  Author: unordered(metaOf(Author)),
  Profile: unordered(metaOf(Profile)),
  Tag: unordered(metaOf(Tag)),
  Book: unordered(metaOf(Book)),
  Review: unordered(metaOf(Review)),
}

function unordered(meta: ModelMeta): QueryState {
  return Object.freeze({ ...initialState(meta), ordering: [] })
}

/** The SQL that a database is sent, and the values, for every dialect: none can be forgotten. */
export type Expected = Readonly<Record<DialectName, readonly [sql: string, ...bindings: unknown[]]>>

/**
 * SQL that differs only in its quotes and placeholders; written as for SQLite. `?k` stands for the
 * value of a key, which PostgreSQL compares as a bigint. Only SQLite limits an EXISTS.
 */
export function alike(written: string, ...bindings: readonly unknown[]): Expected {
  let count = 0
  const unlimited = written.replaceAll(' limit 1)', ')')
  const numbered = unlimited.replace(/\?k?/g, (mark) => {
    count += 1
    return `$${count}${mark === '?k' ? '::bigint' : ''}`
  })
  const text = written.replaceAll('?k', '?')
  return {
    sqlite: [text, ...bindings],
    postgresql: [numbered, ...bindings],
    mysql: [text.replaceAll(' limit 1)', ')').replaceAll('"', '`'), ...bindings],
  }
}

type Compile = (dialect: DialectName) => CompiledStatement | null

/**
 * Compares the whole statement on every dialect: without the cache of shapes, when the shape may be
 * new, and when it is known. Then runs it.
 */
export async function expectSql(compile: Compile, expected: Expected): Promise<void> {
  for (const dialect of ['sqlite', 'postgresql', 'mysql'] as const) {
    const statement = withoutCache(() => compile(dialect))
    expect(statement, `${dialect}: a statement`).to.not.equal(null)
    expect([statement?.sql, ...(statement?.bindings ?? [])], dialect).to.deep.equal(
      expected[dialect],
    )
    expectSame(compile(dialect), statement, `${dialect}: compiled again`)
    expectSame(compile(dialect), statement, `${dialect}: from its shape`)
  }
  await runSqlite(compile('sqlite') as CompiledStatement)
  await runPostgres(compile('postgresql') as CompiledStatement)
}

/** What must not reach a database. */
export function expectNothing(compile: Compile): void {
  for (const dialect of ['sqlite', 'postgresql', 'mysql'] as const) {
    expect(
      withoutCache(() => compile(dialect)),
      dialect,
    ).to.equal(null)
    expect(compile(dialect), `${dialect}: compiled again`).to.equal(null)
    expect(compile(dialect), `${dialect}: from its shape`).to.equal(null)
  }
}

/** What `compile` gives when no shape is known. */
export function withoutCache<T>(compile: () => T): T {
  setShapeCacheSize(0)
  try {
    return compile()
  } finally {
    setShapeCacheSize(1000)
  }
}

type Statement = CompiledStatement | null

function expectSame(found: Statement, statement: Statement, label: string): void {
  expect(plain(found), label).to.deep.equal(plain(statement))
}

function plain(statement: Statement): unknown {
  if (statement === null) return null
  const { sql, bindings, wants, writes, table } = statement
  return { sql, bindings, wants, writes, table }
}

let opened: Promise<sqlite3.Database> | undefined

function sqliteDatabase(): Promise<sqlite3.Database> {
  opened ??= new Promise((resolve, reject) => {
    const database = new sqlite3.Database(':memory:')
    database.exec(TABLES, (error) => (error ? reject(error) : resolve(database)))
  })
  return opened
}

/** Runs a statement on an in-memory SQLite with the models' tables, all empty at first. */
export async function runSqlite(statement: CompiledStatement): Promise<unknown[][]> {
  const database = await sqliteDatabase()
  return await new Promise((resolve, reject) => {
    database.all(statement.sql, [...statement.bindings], (error, rows) => {
      if (error) reject(error)
      else resolve(rows.map((row) => Object.values(row as object)))
    })
  })
}

const TYPES: Readonly<Record<string, string>> = {
  price: 'numeric(8, 2)',
  isbn: 'bigint',
  rating: 'double precision',
  live: 'boolean',
  code: 'uuid',
  day: 'date',
  at: 'timestamptz',
  seen: 'timestamptz',
  clock: 'time',
  data: 'jsonb',
  cover: 'bytea',
}

/** The models' tables with PostgreSQL's types, seen by this connection only. */
function temporaryTables(): string {
  return TABLES.replaceAll('create table', 'create temporary table')
    .replaceAll('id integer primary key', 'id integer primary key generated by default as identity')
    .replace(/\b(\w+) (?:text|integer|real|blob)\b/g, (whole, name: string) =>
      TYPES[name] === undefined ? whole : `${name} ${TYPES[name]}`,
    )
    .replace('default 1', 'default true')
}

let client: pg.Client | undefined

/** Runs a statement on PostgreSQL, where there is one, and takes back what it did. */
async function runPostgres(statement: CompiledStatement): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (url === undefined || url === '') return
  if (client === undefined) {
    client = new pg.Client(url)
    await client.connect()
    await client.query(temporaryTables())
  }
  await client.query('begin')
  try {
    await client.query(statement.sql, [...statement.bindings])
  } finally {
    await client.query('rollback')
  }
}

after(async () => {
  await client?.end()
  client = undefined
})
