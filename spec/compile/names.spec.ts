import { expect } from 'chai'
import knex from 'knex'
import sqlite3 from 'sqlite3'
import { quoted } from '../../lib/compile/fragment.ts'
import { compileInsert } from '../../lib/compile/insert.ts'
import { compileSelect } from '../../lib/compile/select.ts'
import { toKnexBuilder } from '../../lib/compile/to-knex.ts'
import { ImproperlyConfigured } from '../../lib/errors.ts'
import { fields } from '../../lib/fields/fields.ts'
import { define, type ModelDefinition, metaOf } from '../../lib/meta/meta.ts'
import { initialState, withFilter, withOrdering, withSlice } from '../../lib/query/state.ts'
import { all } from './support.ts'

function odd(table: string, column: string): ReturnType<typeof metaOf> {
  class Odd {}
  const map = { id: fields.integer({ primaryKey: true }), value: fields.text({ column }) }
  define(Odd, {
    table,
    fields: map,
    options: {},
    site: `${table} ${column}`,
    onLink: () => {},
  } as ModelDefinition)
  return metaOf(Odd)
}

describe('compile: names', () => {
  const names = [
    'a"b',
    'a`b',
    'a b',
    'a.b',
    'a as b',
    'ok?',
    '??',
    'x?y?',
    "it's",
    ':name',
    '$1',
    '2',
    'c0',
    '__proto__',
  ]
  for (const name of names) {
    it(`sends the column ${JSON.stringify(name)} as it is`, async () => {
      const meta = odd('t?"able', name)
      const database = new sqlite3.Database(':memory:')
      const run = (sql: string, bindings: readonly unknown[] = []): Promise<object[]> =>
        new Promise((resolve, reject) => {
          database.all<object>(sql, [...bindings], (error, rows) => {
            if (error) reject(error)
            else resolve(rows)
          })
        })
      await run(`create table "t?""able" (id integer, "${name.replaceAll('"', '""')}" text)`)
      const columns = meta.columns
      const insert = compileInsert(
        { model: meta, columns, rows: [[1, '? $1 :b ??']], returning: [] },
        'sqlite',
      )
      await run(insert.sql, insert.bindings)
      const state = withOrdering(withFilter(initialState(meta), [{ value: '? $1 :b ??' }]), [
        'value',
      ])
      const select = compileSelect(state, 'sqlite')
      if (select === null) throw new Error('a statement is due')
      const rows = await run(select.sql, select.bindings)
      expect(rows.map((row) => Object.values(row))).to.deep.equal([[1, '? $1 :b ??']])
      database.close()

      const numbered = compileSelect(state, 'postgresql')
      expect(numbered?.sql).to.contain(`"${name.replaceAll('"', '""')}" = $1`)
      expect(numbered?.bindings).to.deep.equal(['? $1 :b ??'])
      expect(compileSelect(state, 'mysql')?.sql).to.contain(`\`${name.replaceAll('`', '``')}\` = ?`)
    })
  }

  it('refuses names that no database takes', () => {
    for (const name of ['', 'a\0b', 'a\\?b']) {
      const compile = (): unknown => compileSelect(initialState(odd('odd', name)), 'sqlite')
      expect(compile).to.throw(ImproperlyConfigured)
      expect(() => quoted(name, '"')).to.throw(
        ImproperlyConfigured,
        'The name of a table or column is empty or cannot be quoted.',
      )
    }
  })

  it('quotes any number of names, in both ways', () => {
    for (let at = 0; at < 12_000; at += 1) {
      expect(quoted(`n"\`${at}`, '"').sql).to.equal(`"n""\`${at}"`)
      expect(quoted(`n"\`${at}`, '`').sql).to.equal(`\`n"\`\`${at}\``)
    }
    expect(quoted('n"`0', '"').sql).to.equal('"n""`0"')
  })
})

describe('compile: to a knex builder', () => {
  const state = withSlice(withFilter(all.Tag, [{ name: 'a?' }]), 0, 5)

  it('can be gone on with', () => {
    const pg = knex({ client: 'pg' })
    const builder = toKnexBuilder(state, pg, 'postgresql').where('tags.id', '>', 3)
    expect(builder.toSQL().toNative()).to.deep.include({
      sql: 'select "tags"."id", "tags"."name" from "tags" where "tags"."name" = $1 and "tags"."id" > $2 limit $3',
      bindings: ['a?', 3, 5],
    })
  })

  it('has no rows where there can be none', () => {
    const sqlite = knex({ client: 'sqlite3', useNullAsDefault: true })
    const none = withFilter(all.Tag, [{ id__in: [] }])
    expect(toKnexBuilder(none, sqlite, 'sqlite').toString()).to.equal(
      'select "tags"."id", "tags"."name" from "tags" where 1 = 0',
    )
  })
})
