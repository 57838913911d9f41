import { expect } from 'chai'
import {
  AsyncManager,
  Count,
  F,
  FieldError,
  FilteredRelation,
  fields,
  Model,
} from '../../lib/index.ts'
import { Author, Book } from '../behaviour/support/library.ts'
import { rejection, useStage } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'

type Loose = Record<string, (...args: unknown[]) => unknown>
const books = Book.objects as unknown as Loose
const authors = Author.objects as unknown as Loose

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)
/** What no screen shows, or a screen shows as something else. */
const UNSEEN = [
  ...range(0, 0x1f),
  ...range(0x7f, 0x9f),
  0xad,
  0x200b,
  0x202e,
  0x2028,
  0x2029,
  0xfeff,
]

/** Calls whose first argument has names for something new. */
const NAMING: Readonly<Record<string, (name: string) => unknown>> = {
  annotate: (name) => books['annotate']?.({ [name]: Count('id') }),
  alias: (name) => books['alias']?.({ [name]: F('id') }),
  aggregate: (name) => books['aggregate']?.({ [name]: Count('id') }),
  values: (name) => books['values']?.({ [name]: F('id') }),
  valuesList: (name) => books['valuesList']?.({ [name]: F('id') }),
  FilteredRelation: (name) => authors['annotate']?.({ [name]: FilteredRelation('books') }),
}

/** Names of a developer's own that SQL would read as something else. */
const DECLARED = [
  'a"b',
  'x` y',
  'p"; drop table canary; --',
  'a.b',
  'a as b',
  'ok?',
  '??',
  '$1',
  ':name',
  "it's",
  'select',
  'a\\b',
  'é'.repeat(31),
  '__proto__',
  'constructor',
  'toString',
]

const rowOf = (name: string): string => {
  if (name in Object.prototype) return 'S25'
  return name.includes('?') ? 'S19' : 'S18'
}

describeOnEach('hostile names', (kind) => {
  const stage = useStage(kind)

  for (const [call, run] of Object.entries(NAMING)) {
    it(`S04 ${call}() takes no name with a control character`, async () => {
      await stage.sends(0, async () => {
        for (const code of UNSEEN) {
          for (const name of [
            `a${String.fromCodePoint(code)}b`,
            `a${String.fromCodePoint(code)}`,
          ]) {
            const error = await rejection((async () => await run(name))())
            expect(error.name, `U+${code.toString(16)}`).to.equal('FieldError')
          }
        }
      })
    })

    it(`S05 ${call}() takes no name with a period`, async () => {
      await stage.sends(0, async () => {
        for (const name of ['canary.secret', '.', 'a.', '.a', 'books.id']) {
          expect(await rejection((async () => await run(name))())).to.be.instanceOf(FieldError)
        }
      })
    })

    it(`S21 ${call}() takes no name that PostgreSQL would cut`, async () => {
      const long = 'a'.repeat(63)
      await stage.sends(0, async () => {
        for (const name of [`${long}1`, `${long}2`, 'é'.repeat(32), 'x'.repeat(5000)]) {
          expect(await rejection((async () => await run(name))())).to.be.instanceOf(FieldError)
        }
      })
    })
  }

  it('S05 a period parts no names of tables and columns in paths', async () => {
    await stage.sends(0, async () => {
      for (const path of ['books.id', 'canary.secret', 'author.name', 'main.books.id']) {
        for (const call of [
          () => books['filter']?.({ [path]: 1 }),
          () => books['orderBy']?.(path),
          () => books['orderBy']?.(`-${path}`),
          () => books['values']?.(path),
          () => books['aggregate']?.({ n: Count(path) }),
          () => books['filter']?.({ id: F(path) }),
        ]) {
          expect(await rejection((async () => await call())())).to.be.instanceOf(FieldError)
        }
      }
    })
  })

  it('S21 two names that differ in their last character are two columns', async () => {
    const long = 'a'.repeat(62)
    const rows = await stage.sends(1, () =>
      Book.objects
        .filter({ id: 1 })
        .annotate({ [`${long}1`]: F('pages').add(1), [`${long}2`]: F('pages').add(2) })
        .values(`${long}1`, `${long}2`),
    )
    expect(rows).to.deep.equal([{ [`${long}1`]: 475, [`${long}2`]: 476 }])
  })

  for (const name of DECLARED) {
    it(`${rowOf(name)} a table and a column named ${JSON.stringify(name)} work as declared`, async () => {
      class Odd extends Model(name, { value: fields.text({ column: name }) }) {
        static objects = new AsyncManager(Odd)
      }
      const { knex } = stage.db
      const prototype = Reflect.ownKeys(Object.prototype)
      const quoted = `"${name.replaceAll('"', '""')}"`
      const id =
        kind.dialect === 'sqlite' ? 'integer primary key autoincrement' : 'serial primary key'
      // knex numbers a '?' on PostgreSQL that has no backslash.
      const asRaw = kind.dialect === 'sqlite' ? quoted : quoted.replaceAll('?', '\\?')
      await knex.raw(`create table ${asRaw} (id ${id}, ${asRaw} text)`)
      try {
        const made = await Odd.objects.create({ value: '? $1 :name' })
        await Odd.objects.bulkCreate([{ value: 'b' }, { value: 'c' }])
        await Odd.objects.filter({ value: 'b' }).update({ value: 'd' })
        expect(await Odd.objects.orderBy('-value').valuesList('value', { flat: true })).to.eql([
          'd',
          'c',
          '? $1 :name',
        ])
        expect((await Odd.objects.get({ value__startswith: '?' })).id).to.equal(made.id)
        expect(await Odd.objects.exclude({ value: 'c' }).delete()).to.eql([2, { Odd: 2 }])
        expect(await Odd.objects.aggregate({ n: Count('value') })).to.eql({ n: 1 })
      } finally {
        await knex.raw(`drop table ${asRaw}`)
        expect(Reflect.ownKeys(Object.prototype)).to.eql(prototype)
      }
    })
  }
})
