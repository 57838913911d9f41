import { expect } from 'chai'
import { z } from 'zod'
import { InvalidValueError } from '../../lib/errors.ts'
import { fields } from '../../lib/fields/fields.ts'

const field = fields.json()

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}

function withGetter(list: unknown[]): unknown[] {
  return Object.defineProperty(list, 0, { get: () => 1 })
}

describe('json', () => {
  it('refuses what JSON cannot carry, at any depth', () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = { deep: [cyclic] }
    class Point {
      x = 1
    }
    const cases: readonly (readonly [unknown, string])[] = [
      [undefined, 'got undefined'],
      [() => 1, 'got a function'],
      [Number.NaN, 'got NaN'],
      [Number.POSITIVE_INFINITY, 'got Infinity'],
      [1n, 'got a bigint'],
      [Symbol('s'), 'got a symbol'],
      [new Date(), 'got a Date'],
      [new Map(), 'got a Map'],
      [new Uint8Array(1), 'got binary data'],
      [new Point(), 'got an instance of a class'],
      [new Proxy({}, {}), 'got a Proxy'],
      [cyclic, 'contains itself'],
      [{ [Symbol('s')]: 1 }, 'a symbol for a key'],
      [
        {
          get a() {
            return 1
          },
        },
        'with a getter',
      ],
      [withGetter([1]), 'an array with a getter'],
      [Object.setPrototypeOf(new Map(), null), 'got a Map'],
      ['a\0b', 'without NUL'],
      ['a\ud800', 'lone surrogate'],
      [{ 'a\0': 1 }, 'without NUL'],
      [{ 'a\udc00': 1 }, 'lone surrogate'],
      // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused
      [[1, , 2], 'got undefined'],
    ]
    for (const [value, message] of cases) {
      for (const inside of [value, { a: value }, [[{ b: value }]]]) {
        expect(() => field.check(inside, 'Doc.data')).to.throw(InvalidValueError, message)
        expect(field.schema.safeParse(inside).success).to.equal(false)
      }
    }
  })

  it('refuses what is nested too deeply by name, without overflowing the stack', () => {
    for (const depth of [501, 10_000, 1_000_000]) {
      expect(() => field.check(nested(depth))).to.throw(InvalidValueError, 'nested deeper than 500')
    }
    expect(field.toDb(field.check(nested(500)), 'sqlite')).to.equal(
      `${'['.repeat(500)}1${']'.repeat(500)}`,
    )
  })

  it('refuses shared objects that would grow when written', () => {
    let shared: unknown = [1]
    for (let level = 0; level < 60; level += 1) shared = [shared, shared]
    expect(() => field.check(shared)).to.throw(InvalidValueError, 'more than 5000000 values')
  }).timeout(30_000)

  it('keeps an own __proto__ as data and touches no prototype', () => {
    const given: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"a":1}}')
    const taken = field.schema.parse(given)
    expect(field.toDb(taken, 'postgresql')).to.equal(JSON.stringify(given))
    expect(field.equals(field.fromDb(JSON.stringify(given), 'sqlite'), given as never)).to.equal(
      true,
    )
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
    expect(Object.getPrototypeOf(taken)).to.equal(Object.prototype)
  })

  it('copies what it is given', () => {
    const given = { a: [1] }
    const taken = field.check(given)
    given.a.push(2)
    expect(taken).to.deep.equal({ a: [1] })
  })

  it('takes what an object shows and nothing that it hides', () => {
    const given = Object.defineProperty({ a: 1 }, 'hidden', { value: 2 })
    expect(field.check(given)).to.deep.equal({ a: 1 })
  })

  it('takes objects without a prototype', () => {
    const bare: object = Object.assign(Object.create(null), { a: 1 })
    expect(field.check(bare)).to.deep.equal({ a: 1 })
  })

  it('compares as jsonb does', () => {
    const same: readonly (readonly [unknown, unknown])[] = [
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      [-0, 0],
      [[], []],
    ]
    for (const [a, b] of same) expect(field.equals(a as never, b as never)).to.equal(true)
    const different: readonly (readonly [unknown, unknown])[] = [
      [{ a: 1 }, { b: 1 }],
      [{ a: undefined }, { b: 1 }],
      [
        [1, 2],
        [2, 1],
      ],
      [[], {}],
      [{ 0: 1 }, [1]],
      ['1', 1],
      [1, {}],
      [{}, 1],
      [0, []],
      [{ a: null }, { a: {} }],
      [{ a: 1 }, { a: 1, b: 2 }],
      [{ a: 1, b: 2 }, { a: 1 }],
      [null, {}],
      [new Date(0), new Date(1)],
      [{ a: new Map() }, { a: {} }],
    ]
    for (const [a, b] of different) expect(field.equals(a as never, b as never)).to.equal(false)
    expect(field.equals(nested(100_000) as never, nested(100_000) as never)).to.equal(true)
  })

  it('ends comparing values that contain themselves', () => {
    const cycle = (): unknown => {
      const value: { self?: unknown } = {}
      value.self = value
      return value
    }
    expect(field.equals(cycle() as never, cycle() as never)).to.equal(false)
  }).timeout(30_000)

  describe('with a schema', () => {
    const typed = fields.json({
      schema: z.object({ owner: z.string(), tags: z.array(z.string()).default([]) }),
    })

    it('gives what the schema gives', () => {
      expect(typed.schema.parse({ owner: 'ann' })).to.deep.equal({ owner: 'ann', tags: [] })
    })

    it('says where inside the value it is wrong', () => {
      const result = typed.schema.safeParse({ owner: 1 })
      expect(result.error?.issues.map(({ path }) => path.join('.'))).to.deep.equal(['owner'])
    })

    it('examines what the schema makes', () => {
      const dates = fields.json({ schema: z.object({ at: z.coerce.date() }) })
      const result = dates.schema.safeParse({ at: '2021-03-14' })
      expect(result.error?.issues[0]?.message).to.contain('got a Date')
    })

    it('waits for a schema that takes its time', async () => {
      const slow = z.string().refine(async (text) => text === 'yes')
      const { schema } = fields.json({ schema: slow })
      expect(await schema.parseAsync('yes')).to.equal('yes')
      expect((await schema.safeParseAsync('no')).success).to.equal(false)
      const made = fields.json({ schema: z.string().transform(async () => new Date(0)) }).schema
      const { error } = await made.safeParseAsync('x')
      expect(error?.issues[0]?.message).to.contain('got a Date')
    })

    it('compares lookups with any JSON', () => {
      expect(typed.check([1, 'x'])).to.deep.equal([1, 'x'])
    })

    it('needs a zod schema', () => {
      expect(() => fields.json({ schema: { parse: () => 1 } as never })).to.throw('a zod schema')
    })
  })
})
