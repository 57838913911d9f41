/** Functions of the database: one row, and what each function makes of it. */
import { expect } from 'chai'
import * as orm from '../../lib/index.ts'
import {
  Abs,
  ACos,
  ASin,
  ATan,
  ATan2,
  Cast,
  Ceil,
  Chr,
  Coalesce,
  Collate,
  Concat,
  Cos,
  Cot,
  Degrees,
  Exp,
  type Expression,
  F,
  Floor,
  fields,
  Greatest,
  JSONArray,
  JSONObject,
  KT,
  Least,
  Left,
  Length,
  Ln,
  Log,
  Lower,
  LPad,
  LTrim,
  MD5,
  Mod,
  NotSupportedError,
  NullIf,
  Ord,
  Pi,
  Power,
  Radians,
  Random,
  RawSQL,
  Repeat,
  Replace,
  Reverse,
  Right,
  Round,
  RPad,
  RTrim,
  SHA224,
  SHA256,
  SHA384,
  SHA512,
  Sign,
  Sin,
  Sqrt,
  StrIndex,
  Substr,
  Tan,
  Trim,
  Upper,
  Value,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { OptionalSample } from './support/samples.ts'
import { rejection, useStage } from './support/stage.ts'

type Any = Expression<unknown, never>
/** What an expression is of the only row; its paths are those of the model. */
async function of(expression: Expression<unknown, string>): Promise<unknown> {
  const [row] = await OptionalSample.objects.values({ result: expression as Any })
  return row?.result
}

const ROW = {
  char: ' Ann Bé ',
  text: 'Ann',
  slug: 'x',
  integer: -7,
  smallInteger: 3,
  bigInteger: 2n ** 60n,
  float: 2.5,
  decimal: '12.345',
  boolean: true,
  date: '2021-03-14',
  dateTime: new Date('2021-03-14T09:26:53.589Z'),
  time: '09:26:53',
  uuid: '00000000-0000-4000-8000-000000000001',
  json: { name: 'Ann', n: 12, list: [1.5, true, null], yes: true, none: null },
}

const TEXT: readonly [label: string, Expression<unknown, string>, unknown][] = [
  ['Lower', Lower('text'), 'ann'],
  ['Upper', Upper('text'), 'ANN'],
  ['Upper of NULL', Upper('email'), null],
  ['Length in characters', Length('char'), 8],
  ['Length beyond the BMP', Length(Value('𝔘né')), 3],
  ['Concat', Concat('text', Value('-'), 'email', 'smallInteger', 'decimal'), 'Ann-312.3450000000'],
  ['Concat of days and times', Concat('date', Value(' '), 'time'), '2021-03-14 09:26:53'],
  ['Substr', Substr('text', 2), 'nn'],
  ['Substr with a length', Substr('text', 2, 1), 'n'],
  ['Substr by columns', Substr('text', 'smallInteger'), 'n'],
  ['Left', Left('text', 2), 'An'],
  ['Left of more than there is', Left('text', 20), 'Ann'],
  ['Right', Right('text', 2), 'nn'],
  ['Right of more than there is', Right('text', 20), 'Ann'],
  ['Trim', Trim('char'), 'Ann Bé'],
  ['LTrim', LTrim('char'), 'Ann Bé '],
  ['RTrim', RTrim('char'), ' Ann Bé'],
  ['Replace', Replace('text', Value('n'), Value('m')), 'Amm'],
  ['Replace by nothing', Replace('text', Value('n')), 'A'],
  ['StrIndex', StrIndex('char', Value('é')), 7],
  ['StrIndex of what is not there', StrIndex('text', Value('x')), 0],
  ['Reverse', Reverse('char'), ' éB nnA '],
  ['Reverse twice', Reverse(Reverse(Value('𝔘né'))), '𝔘né'],
  ['Reverse of nothing', Concat(Reverse(Value('')), Value('.')), '.'],
  ['Reverse of NULL', Reverse('email'), null],
  ['LPad', LPad('text', 5), '  Ann'],
  ['LPad with several characters', LPad('text', 8, Value('xyz')), 'xyzxyAnn'],
  ['LPad that cuts', LPad('text', 2, Value('x')), 'An'],
  ['LPad with nothing', LPad('text', 5, Value('')), 'Ann'],
  ['LPad of NULL', LPad('email', 5), null],
  ['RPad', RPad('text', 5, Value('é')), 'Annéé'],
  ['RPad that cuts', RPad('text', 0), ''],
  ['Repeat', Repeat('text', 3), 'AnnAnnAnn'],
  ['Repeat by a column', Repeat('text', 'smallInteger'), 'AnnAnnAnn'],
  ['Repeat by less than 0', Repeat('text', 'integer'), ''],
  ['Repeat by NULL', Repeat('text', Cast(Value(null), fields.integer())), null],
  ['Ord', Ord('text'), 65],
  ['Ord beyond the BMP', Ord(Value('𝔘')), 0x1d518],
  ['Ord of nothing', Ord(Value('')), 0],
  ['Chr', Chr(0x1d518), '𝔘'],
  ['Chr by a column', Chr(F('smallInteger').add(62)), 'A'],
  ['one in the other', Upper(Concat(Left('text', 1), Value('b'))), 'AB'],
]

const NUMBERS: readonly [label: string, Expression<unknown, string>, unknown][] = [
  ['Abs', Abs('integer'), 7],
  ['Abs of a bigint', Abs(F('bigInteger').mul(Value(-1n))), 2n ** 60n],
  ['Ceil', Ceil('float'), 3],
  ['Ceil of an integer', Ceil('integer'), -7],
  ['Floor', Floor('float'), 2],
  ['Floor of a bigint', Floor('bigInteger'), 2n ** 60n],
  ['Sign', Sign('integer'), -1],
  ['Sign of a float', Sign('float'), 1],
  ['Sqrt', Sqrt(Value(16)), 4],
  ['Exp', Exp(Value(0)), 1],
  ['Ln', Ln(Value(1)), 0],
  ['Log', Log(10, 1000), 3],
  ['Power', Power('float', 2), 6.25],
  ['Pi', Pi(), Math.PI],
  ['Degrees', Degrees(Pi()), 180],
  ['Radians', Radians(Value(180)), Math.PI],
  ['Sin', Sin(Value(1)), Math.sin(1)],
  ['Cos', Cos(Value(1)), Math.cos(1)],
  ['Tan', Tan(Value(1)), Math.tan(1)],
  ['Cot', Cot(Value(1)), 1 / Math.tan(1)],
  ['ASin', ASin(Value(1)), Math.PI / 2],
  ['ACos', ACos(Value(1)), 0],
  ['ATan', ATan(Value(1)), Math.PI / 4],
  ['ATan2', ATan2(-1, -1), (-3 * Math.PI) / 4],
  ['Mod', Mod('integer', 4), -3],
  ['Mod of floats', Mod('float', 2), 0.5],
  ['Mod of a literal', Mod(10, 'smallInteger'), 1],
  ['Round', Round('float'), 3],
  ['Round of an integer', Round('integer', 2), -7],
  ['Round to a place', Round(Value(2.345), 1), 2.3],
  ['Round to tens', Round(Value(15), -1), 20],
  ['Round to tens, below 0', Round(Value(-15), -1), -20],
  ['Round to hundreds', Round(Value(249.5), -2), 200],
  ['Round of a bigint', Round('bigInteger', -3), 1152921504606847000n],
  ['Round of NULL', Round(Cast(Value(null), fields.float()), 2), null],
]

const COMPARED: readonly [label: string, Expression<unknown, string>, unknown][] = [
  ['Coalesce', Coalesce('email', 'text'), 'Ann'],
  ['Coalesce with a literal', Coalesce('email', Value('none')), 'none'],
  ['Coalesce of numbers', Coalesce('float', 'integer'), 2.5],
  ['Coalesce of a decimal and text', Greatest('decimal', Value('13.5')), '13.5'],
  ['Coalesce of instants', Coalesce('epochMs', 'dateTime'), ROW.dateTime],
  ['Coalesce of NULL', Coalesce('email', Value(null)), null],
  ['NullIf', NullIf('text', Value('Ann')), null],
  ['NullIf of others', NullIf('integer', 5), -7],
  ['Greatest', Greatest('integer', 'smallInteger', 1), 3],
  ['Least', Least('integer', 'smallInteger', 1), -7],
  ['Least of days', Least('date', Value('2020-01-01')), '2020-01-01'],
  ['Cast to text', Cast('integer', fields.text()), '-7'],
  ['Cast to a number', Cast(Value('12'), fields.integer()), 12],
  ['Cast to a float', Cast(Value('1.5'), fields.float()), 1.5],
  ['Cast to a bigint', Cast(Value('1152921504606846976'), fields.bigInteger()), 2n ** 60n],
  [
    'Cast to a decimal',
    Cast(Value('1.256'), fields.decimal({ maxDigits: 5, decimalPlaces: 2 })),
    '1.26',
  ],
  ['Cast to short text', Cast('text', fields.char({ maxLength: 2 })), 'An'],
  ['Cast to a boolean', Cast('integer', fields.boolean()), true],
  ['Cast of words to a boolean', Cast(Value('no'), fields.boolean()), false],
  ['Cast of a boolean', Cast('boolean', fields.text()), 'true'],
  ['Cast of a boolean to a number', Cast('boolean', fields.integer()), 1],
  ['Cast of an instant', Cast('dateTime', fields.text()), '2021-03-14 09:26:53.589'],
  ['Cast to a day', Cast('dateTime', fields.date()), '2021-03-14'],
  ['Cast to a time', Cast('dateTime', fields.time()), '09:26:53.589'],
  ['Cast of a day', Cast('date', fields.dateTime()), new Date('2021-03-14T00:00:00Z')],
  [
    'Cast of text to an instant',
    Cast(Value('2021-03-14 10:00:00+02:00'), fields.dateTime()),
    new Date('2021-03-14T08:00:00Z'),
  ],
  [
    'Cast of text without a zone',
    Cast(Value('2021-03-14'), fields.dateTime()),
    new Date('2021-03-14T00:00:00Z'),
  ],
  ['Cast of JSON', Cast('json__n', fields.integer()), 12],
  ['Cast of JSON text', Cast('json__name', fields.text()), 'Ann'],
  ['Cast of a uuid', Cast('uuid', fields.text()), ROW.uuid],
  ['KT', KT('json__name'), 'Ann'],
  ['KT of a number', KT('json__n'), '12'],
  ['KT of true', KT('json__yes'), 'true'],
  ['KT of null', KT('json__none'), null],
  ['KT deeper', Upper(KT('json__list__0')), '1.5'],
  ['KT of what is not there', KT('json__other'), null],
  ['F of JSON', F('json__list'), [1.5, true, null]],
  [
    'JSONObject',
    JSONObject({ n: 'integer', 'a "b"': 'text', yes: 'boolean', data: 'json__list', no: 'email' }),
    { n: -7, 'a "b"': 'Ann', yes: true, data: [1.5, true, null], no: null },
  ],
  [
    'JSONArray',
    JSONArray('text', 1, true, null, 'dateTime'),
    ['Ann', 1, true, null, '2021-03-14 09:26:53.589'],
  ],
  ['JSONArray of nothing', JSONArray(), []],
  ['RawSQL', RawSQL('coalesce(email, ?)', ["o'?"], fields.text()), "o'?"],
  ['RawSQL with marks', RawSQL("'?' || cast(? as text) || '\\?'", ['a'], fields.text()), '?a?'],
]

describeOnEach('functions', (kind) => {
  useStage(kind)
  beforeEach(async () => {
    await OptionalSample.objects.create(ROW)
  })

  for (const [label, expression, expected] of [...TEXT, ...NUMBERS, ...COMPARED]) {
    it(label, async () => {
      const found = await of(expression)
      if (typeof expected === 'number') expect(found).to.be.closeTo(expected, 1e-9)
      else expect(found).to.deep.equal(expected)
    })
  }

  it('decimals stay text', async () => {
    for (const [expression, expected] of [
      [Abs('decimal'), 12.345],
      [Round('decimal', 1), 12.3],
      [Ceil('decimal'), 13],
      [Mod('decimal', 5), 2.345],
    ] as const) {
      const found = await of(expression)
      expect(found).to.be.a('string')
      expect(Number(found)).to.equal(expected)
    }
  })

  it('Random() is from 0 to 1', async () => {
    const found = await of(Random())
    expect(found).to.be.within(0, 1)
    expect(found).to.not.equal(await of(Random()))
  })

  it('Greatest() and Least() with NULL', async () => {
    const isNull = kind.dialect === 'sqlite'
    expect(await of(Greatest('text', 'email'))).to.equal(isNull ? null : 'Ann')
    expect(await of(Least('text', 'email'))).to.equal(isNull ? null : 'Ann')
  })

  it('hashes, where the database has them', async () => {
    if (kind.dialect === 'sqlite') {
      expect(await rejection(of(MD5('text')))).to.be.instanceOf(NotSupportedError)
      expect(String(await rejection(of(SHA256('text'))))).to.match(/node:crypto/)
      return
    }
    const { createHash } = await import('node:crypto')
    const hash = (name: string) => createHash(name).update('é').digest('hex')
    const text = Value('é')
    expect(await of(MD5(text))).to.equal(hash('md5'))
    expect(await of(SHA224(text))).to.equal(hash('sha224'))
    expect(await of(SHA256(text))).to.equal(hash('sha256'))
    expect(await of(SHA384(text))).to.equal(hash('sha384'))
    expect(await of(SHA512(text))).to.equal(hash('sha512'))
  })

  it('stand in filters, orders, updates and aggregates', async () => {
    await OptionalSample.objects.create({ text: 'bob', slug: 'BOB', integer: 1 })
    const { objects } = OptionalSample
    expect(await objects.filter({ slug: Upper('text') }).count()).to.equal(1)
    expect(await objects.filter({ text__startswith: Left('text', 1) }).count()).to.equal(2)
    expect(await objects.exclude({ slug: Upper('text') }).count()).to.equal(1)
    const upper = objects.orderBy(Upper('text').desc()).valuesList('text', { flat: true })
    expect(await upper).to.deep.equal(['bob', 'Ann'])
    const byCollation = objects.orderBy(Collate('text', kind.dialect === 'sqlite' ? 'nocase' : 'C'))
    expect(await byCollation.valuesList(Length('text'))).to.deep.equal([[3], [3]])
    expect(await objects.update({ text: Concat('text', Value('!')) })).to.equal(2)
    expect(await objects.aggregate({ n: orm.Max(Length('text')) })).to.deep.equal({ n: 4 })
  })
})
