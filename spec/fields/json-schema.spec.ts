import { expect } from 'chai'
import { z } from 'zod'
import type { AnyColumn } from '../../lib/fields/column-field.ts'
import { fields } from '../../lib/fields/fields.ts'
import { kinds } from './kinds.ts'

describe('JSON Schema of columns', () => {
  for (const { name, field } of kinds) {
    it(`${name} has one, the same for input and output, alone, in an object and cloned`, () => {
      const alone = z.toJSONSchema(field.schema)
      expect(z.toJSONSchema(field.schema, { io: 'input' })).to.deep.equal(alone)
      const object = z.strictObject({
        value: field.schema,
        maybe: field.schema.nullable().optional(),
      })
      for (const io of ['input', 'output'] as const) {
        const whole = z.toJSONSchema(object, { io })
        expect(whole.required).to.deep.equal(['value'])
        expect({ ...alone, $schema: undefined }).to.deep.equal({
          ...(whole.properties?.['value'] as object),
          $schema: undefined,
        })
      }
      const described = field.schema.describe('what it is').meta({ title: 'It' })
      expect(z.toJSONSchema(described)).to.include({ description: 'what it is', title: 'It' })
    })
  }

  const of = (schema: z.ZodType): unknown => {
    const { $schema, ...rest } = z.toJSONSchema(schema)
    void $schema
    return rest
  }

  it('says the form of each kind of value', () => {
    const decimal = '^-?\\d+(\\.\\d+)?$'
    const time = '^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,3})?)?$'
    const safe = { minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1 }
    const expected: readonly (readonly [AnyColumn, object, object?])[] = [
      [fields.text(), { type: 'string' }],
      [fields.email(), { type: 'string', maxLength: 254, format: 'email' }, { type: 'string' }],
      [fields.url(), { type: 'string', maxLength: 200, format: 'uri' }, { type: 'string' }],
      [fields.slug(), { type: 'string', maxLength: 50, pattern: '^[-\\w]+$' }, { type: 'string' }],
      [fields.uuid(), { type: 'string', format: 'uuid' }],
      [fields.boolean(), { type: 'boolean' }],
      [
        fields.integer(),
        { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
        { type: 'integer' },
      ],
      [
        fields.smallInteger(),
        { type: 'integer', minimum: -32_768, maximum: 32_767 },
        { type: 'integer' },
      ],
      [fields.auto(), { type: 'integer', ...safe }, { type: 'integer' }],
      [fields.bigInteger(), { type: 'string', pattern: '^-?\\d+$' }],
      [fields.float(), { type: 'number' }],
      [fields.decimal(), { type: 'string', pattern: decimal }],
      [fields.date(), { type: 'string', format: 'date' }],
      [fields.dateTime(), { type: 'string', format: 'date-time' }],
      [fields.time(), { type: 'string', pattern: time }],
      [fields.duration(), { type: 'integer' }],
      [fields.json(), {}],
      [fields.binary(), { type: 'string', contentEncoding: 'base64' }],
      [fields.array(fields.text()), { type: 'array', items: { type: 'string' } }],
    ]
    for (const [field, written, base = written] of expected) {
      expect(of(field.schema), field.name).to.deep.equal(written)
      expect(of(field.base), field.name).to.deep.equal(base)
    }
    const nullable = fields.array(fields.text({ null: true }), { size: 3 })
    expect(of(nullable.schema)).to.deep.equal({
      type: 'array',
      items: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      maxItems: 3,
    })
    const integer = { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
    const end = { anyOf: [integer, { type: 'null' }] }
    const object = { type: 'object', additionalProperties: false }
    expect(of(fields.integerRange().schema)).to.deep.equal({
      anyOf: [
        {
          ...object,
          properties: {
            lower: end,
            upper: end,
            bounds: { type: 'string', enum: ['[)', '[]', '(]', '()'] },
          },
          required: ['lower', 'upper'],
        },
        { ...object, properties: { isEmpty: { const: true } }, required: ['isEmpty'] },
      ],
    })
  })

  it('says limits, choices and what a zod schema adds', () => {
    expect(of(fields.char({ maxLength: 5, null: true }).schema)).to.deep.equal({
      anyOf: [{ type: 'string', maxLength: 5 }, { type: 'null' }],
    })
    expect(of(fields.choice({ choices: ['a', 'b'] }).schema)).to.deep.equal({
      type: 'string',
      enum: ['a', 'b'],
    })
    expect(of(fields.bigInteger({ choices: [1n] }).schema))
      .to.have.property('enum')
      .eql(['1'])
    expect(of(fields.integer({ validate: z.number().min(5) }).schema)).to.include({ minimum: 5 })
    expect(of(fields.dateTime({ validate: z.date().min(new Date(0)) }).schema)).to.deep.equal({
      type: 'string',
      format: 'date-time',
    })
    expect(of(fields.json({ schema: z.object({ a: z.string() }) }).schema)).to.deep.include({
      type: 'object',
      properties: { a: { type: 'string' } },
    })
  })

  it('says nothing of a recursive schema rather than something wrong', () => {
    const Tree: z.ZodType = z.object({
      get children() {
        return z.array(Tree)
      },
    })
    expect(of(fields.json({ schema: Tree }).schema)).to.deep.equal({})
  })

  it('is missing in an object only where a key is optional', () => {
    const object = z.strictObject({ pages: fields.integer().schema })
    expect(object.safeParse({}).error?.issues[0]).to.deep.include({
      path: ['pages'],
      message: 'expects an integer, got undefined',
    })
    expect(object.safeParse({ pages: 1, nope: 1 }).success).to.equal(false)
  })
})
