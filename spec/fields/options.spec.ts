import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { z } from 'zod'
import { ImproperlyConfigured } from '../../lib/errors.ts'
import { ColumnField } from '../../lib/fields/column-field.ts'
import { fields } from '../../lib/fields/fields.ts'
import { RelationField } from '../../lib/fields/relation-field.ts'
import { kinds } from './kinds.ts'

describe('declarations of columns', () => {
  it('are frozen and recognised by what made them only', () => {
    for (const { field } of kinds) {
      expect(Object.isFrozen(field)).to.equal(true)
      expect(ColumnField.is(field)).to.equal(true)
      expect(ColumnField.is({ ...field })).to.equal(false)
      expect(ColumnField.is(Object.create(field))).to.equal(false)
      expect(RelationField.is(field)).to.equal(false)
    }
    for (const value of [null, undefined, 1, 'column', { kind: 'column' }]) {
      expect(ColumnField.is(value)).to.equal(false)
    }
  })

  it('show their options', () => {
    const field = fields.char({
      maxLength: 5,
      null: true,
      unique: true,
      index: true,
      column: 'code',
      choices: ['a', 'b'],
    })
    expect(field).to.include({
      kind: 'column',
      name: 'char',
      family: 'text',
      null: true,
      unique: true,
      index: true,
      primaryKey: false,
      column: 'code',
      maxLength: 5,
      hasDefault: false,
      generated: false,
    })
    expect(field.choices).to.deep.equal(['a', 'b'])
    for (const key of [fields.auto({ column: 'no' }), fields.bigAuto({ column: 'no' })]) {
      expect(key).to.include({ primaryKey: true, unique: true, generated: true, column: 'no' })
    }
    expect(fields.email().maxLength).to.equal(254)
    expect(fields.choice({ choices: ['a'], maxLength: 5 }).maxLength).to.equal(5)
    expect(fields.text({ column: undefined, null: undefined } as never)).to.include({
      column: undefined,
      null: false,
    })
    expect(fields.dateTime({ storage: 'epochMs' }).storage).to.equal('epochMs')
    expect(fields.decimal({ maxDigits: 8, decimalPlaces: 2 })).to.include({
      maxDigits: 8,
      decimalPlaces: 2,
    })
  })

  it('make defaults: by value, by function, fresh each time', () => {
    expect(fields.integer({ default: 0 }).makeDefault()).to.equal(0)
    expect(fields.integer({ null: true, default: null }).makeDefault()).to.equal(null)
    expect(fields.integer({ null: true, default: null }).hasDefault).to.equal(true)
    expect(fields.integer().makeDefault()).to.equal(undefined)
    expect(fields.uuid({ default: randomUUID }).makeDefault()).to.match(/^[0-9a-f-]{36}$/)
    const list = fields.json({ default: [] })
    expect(list.makeDefault()).to.deep.equal([])
    expect(list.makeDefault()).not.to.equal(list.makeDefault())
    const epoch = fields.dateTime({ default: new Date(0) })
    expect(epoch.makeDefault()).not.to.equal(epoch.makeDefault())
    expect(epoch.makeDefault()?.getTime()).to.equal(0)
  })

  it('fill in the present', () => {
    const before = Date.now()
    const added = fields.dateTime({ autoNowAdd: true })
    expect(added.hasDefault).to.equal(true)
    expect(added.makeDefault()?.getTime()).to.be.within(before, Date.now())
    expect(fields.date({ autoNow: true }).makeNow()).to.match(/^\d{4}-\d\d-\d\d$/)
    expect(fields.date({ autoNow: true })).to.include({ autoNow: true, autoNowAdd: false })
  })

  it('let a zod schema have the last word, and examine what it made', () => {
    const trimmed = fields.char({ maxLength: 5, validate: z.string().trim().min(2) })
    expect(trimmed.schema.parse(' ab ')).to.equal('ab')
    expect(trimmed.schema.safeParse(' a ').success).to.equal(false)
    const padded = fields.char({ maxLength: 5, validate: z.string().transform((s) => `${s}12345`) })
    expect(padded.schema.safeParse('a').success).to.equal(false)
    const nullable = fields.integer({ null: true, validate: z.number().min(5) })
    expect(nullable.schema.parse(null)).to.equal(null)
    expect(nullable.schema.safeParse(4).success).to.equal(false)
    expect(nullable.check(4)).to.equal(4)
  })

  it('compare choices as the database does', () => {
    const prices = fields.decimal({ maxDigits: 4, decimalPlaces: 2, choices: ['1.50', '2.00'] })
    expect(prices.schema.parse('1.5')).to.equal('1.5')
    expect(prices.schema.safeParse('1.6').error?.issues[0]?.message).to.equal(
      'must be one of its 2 choices',
    )
  })

  const wrong: readonly (readonly [string, () => unknown, string])[] = [
    [
      'an unknown option',
      () => fields.char({ maxLength: 5, nul: true } as never),
      "no option 'nul'",
    ],
    ['no maxLength', () => fields.char({} as never), 'maxLength must be a whole number'],
    ['a maxLength of 0', () => fields.char({ maxLength: 0 }), 'of at least 1'],
    ['options that are none', () => fields.text('x' as never), 'as one object'],
    ['a flag that is none', () => fields.text({ null: 'yes' as never }), 'must be true or false'],
    ['an empty column', () => fields.text({ column: '' }), 'column must be a name'],
    ['a null key', () => fields.uuid({ primaryKey: true, null: true }), 'cannot be null'],
    ['no choices', () => fields.choice({ choices: [] }), 'not empty'],
    ['no choices at all', () => fields.choice({} as never), 'the number of choices must be'],
    ['short choices', () => fields.choice({ choices: ['a'], maxLength: 0 }), 'maxLength must be'],
    ['a choice beyond', () => fields.choice({ choices: ['ab'], maxLength: 1 }), 'a choice has at'],
    [
      'choices of another type',
      () => fields.integer({ choices: ['a' as never] }),
      'a choice expects',
    ],
    [
      'a default of another type',
      () => fields.integer({ default: 'a' as never }),
      'default is not',
    ],
    ['a default beyond', () => fields.smallInteger({ default: 40_000 }), 'default is not valid'],
    ['a default that is no choice', () => fields.integer({ choices: [1], default: 2 }), 'choices'],
    ['a null default', () => fields.integer({ default: null }), 'default is not valid'],
    ['one limit', () => fields.decimal({ maxDigits: 5 }), 'decimalPlaces must be'],
    ['limits', () => fields.decimal({ maxDigits: 2, decimalPlaces: 3 }), 'above maxDigits'],
    ['storage', () => fields.dateTime({ storage: 'iso' as never }), "'text' or 'epochMs'"],
  ]
  for (const [what, declare, message] of wrong) {
    it(`refuse ${what}`, () => {
      expect(declare).to.throw(ImproperlyConfigured, message)
    })
  }
})

describe('declarations of relations', () => {
  class Author {
    readonly isAuthor = true
  }

  it('keep what was said', () => {
    const field = fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' })
    expect(field).to.include({
      kind: 'foreignKey',
      target: Author,
      onDelete: 'cascade',
      null: false,
      unique: false,
      index: true,
      toField: 'pk',
      relatedName: 'books',
      hasDefault: false,
    })
    expect(Object.isFrozen(field)).to.equal(true)
    expect(RelationField.is(field)).to.equal(true)
    expect(RelationField.is({ ...field })).to.equal(false)
    expect(fields.oneToOne(Author, { onDelete: 'cascade' }).unique).to.equal(true)
    const tags = fields.manyToMany('Tag', { through: 'Tagging', relatedName: 'books' })
    expect(tags).to.include({ kind: 'manyToMany', target: 'Tag', through: 'Tagging' })
    expect(tags.onDelete).to.equal(undefined)
    const nullable = { onDelete: 'setDefault', null: true, default: null }
    const none = fields.foreignKey(Author, nullable as never)
    expect(none.makeDefault()).to.equal(null)
    const keyed = fields.foreignKey(Author, { onDelete: 'setDefault', default: () => 5 })
    expect(keyed.makeDefault()).to.equal(5)
  })

  const wrong: readonly (readonly [string, () => unknown, string])[] = [
    [
      'a class that is not there yet',
      () => fields.foreignKey(undefined as never, { onDelete: 'cascade' }),
      'named by a string',
    ],
    ['no target', () => fields.manyToMany('' as never), 'must be a model'],
    ['no onDelete', () => fields.foreignKey(Author, {} as never), 'onDelete is required'],
    [
      'an unknown onDelete',
      () => fields.foreignKey(Author, { onDelete: 'CASCADE' as never }),
      'one of: cascade',
    ],
    [
      'setNull of what is never null',
      () => fields.foreignKey(Author, { onDelete: 'setNull' } as never),
      'needs null: true',
    ],
    [
      'setDefault without a default',
      () => fields.oneToOne(Author, { onDelete: 'setDefault' } as never),
      'needs a default',
    ],
    [
      'a null primary key',
      () => fields.oneToOne(Author, { onDelete: 'cascade', null: true, primaryKey: true } as never),
      'cannot be null',
    ],
    [
      'a one-to-one that is not unique',
      () => fields.oneToOne(Author, { onDelete: 'cascade', unique: false }),
      'unique cannot be false',
    ],
    [
      'a table beside through',
      () => fields.manyToMany(Author, { through: 'T', table: 't' }),
      'through model',
    ],
    [
      'an unknown option',
      () => fields.manyToMany(Author, { onDelete: 'cascade' } as never),
      "no option 'onDelete'",
    ],
    [
      'an object for a default',
      () => fields.foreignKey(Author, { onDelete: 'cascade', default: {} as never }),
      'must be a key',
    ],
  ]
  for (const [what, declare, message] of wrong) {
    it(`refuse ${what}`, () => {
      expect(declare).to.throw(ImproperlyConfigured, message)
    })
  }
})
