import { z } from 'zod'
import { Refusal } from './refusal.ts'

/** JSON Schema as this room writes it: plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** Takes what callers may give and answers with the canonical value, or says why not. */
export type Accept<T> = (input: unknown) => T | Refusal

interface ValueDef {
  readonly type: 'custom'
  readonly accept: Accept<unknown>
  readonly json: JsonSchema
  readonly validate: z.core.$ZodType | undefined
}

interface ValueType extends z.ZodType {
  readonly _zod: z.ZodType['_zod'] & { readonly def: ValueDef }
}

type Payload = z.core.ParsePayload

/**
 * Our own kind of zod type rather than a pipe of a transform: `z.toJSONSchema` can show it in
 * both directions, `.meta()` and other clones keep that, and a write runs one function.
 */
const ColumnValue: z.core.$constructor<ValueType, ValueDef> = z.core.$constructor<
  ValueType,
  ValueDef
>('ColumnValue', (inst, def) => {
  z.ZodType.init(inst, def as unknown as Parameters<typeof z.ZodType.init>[1])
  const { accept, validate, json } = def
  const settle = (payload: Payload): Payload => {
    const result = accept(payload.value)
    if (result instanceof Refusal) {
      const { message } = result
      payload.issues.push({ code: 'custom', message, input: payload.value, path: [] })
    } else {
      payload.value = result
    }
    return payload
  }
  inst._zod.parse = (payload, context) => {
    settle(payload)
    if (validate === undefined || payload.issues.length > 0) return payload
    const inner: Payload = { value: payload.value, issues: payload.issues }
    // The user's schema may transform; what comes out is written, so it is examined again.
    const finish = (done: Payload): Payload => (done.issues.length > 0 ? done : settle(done))
    const done = validate._zod.run(inner, context)
    return done instanceof Promise ? done.then(finish) : finish(done)
  }
  // Not `toJSONSchema`, which zod itself trips over when the type was cloned (`.meta()`).
  inst._zod.processJSONSchema = (context, target) => {
    Object.assign(target, json, describeValidation(validate, context.io))
  }
})

/** What the user's schema adds to JSON Schema, where it can be said there. */
function describeValidation(
  validate: z.core.$ZodType | undefined,
  io: 'input' | 'output',
): JsonSchema {
  if (validate === undefined) return {}
  const { $schema, ...rest } = z.toJSONSchema(validate, { io, unrepresentable: 'any' })
  void $schema
  // A recursive schema points into a document of its own; inside ours the pointers would dangle.
  return JSON.stringify(rest).includes('"$ref"') ? {} : rest
}

/**
 * A zod type that turns what callers may give into the canonical value.
 *
 * With `validate` its value then passes that schema, and what comes out is examined again.
 *
 * @example valueSchema(acceptInteger, { type: 'integer' }).parse(5) // 5
 */
export function valueSchema<T>(
  accept: Accept<T>,
  json: JsonSchema,
  validate?: z.core.$ZodType,
): z.ZodType<T> {
  return new ColumnValue({ type: 'custom', accept, json, validate }) as unknown as z.ZodType<T>
}
