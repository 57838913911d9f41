import { z } from 'zod'
import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import {
  assertCount,
  assertOptions,
  type ColumnOptions,
  type DefaultOf,
  type SpecOf,
} from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of a column of text with a greatest length, in characters (code points). */
export interface SizedTextOptions<N extends boolean, D, P extends boolean>
  extends ColumnOptions<string, N, D, P> {
  readonly maxLength?: number
}

/** The options of `char`. */
export interface CharOptions<N extends boolean, D, P extends boolean>
  extends ColumnOptions<string, N, D, P> {
  /** The greatest length in characters (code points), as PostgreSQL counts them. */
  readonly maxLength: number
}

/** The options of `choice`. */
export interface ChoiceOptions<C extends string, N extends boolean, D, P extends boolean>
  extends Omit<ColumnOptions<C, N, D, P>, 'choices'> {
  readonly choices: readonly C[]
  readonly maxLength?: number
}

type Text<N extends boolean, D, P extends boolean> = ColumnField<SpecOf<string, 'text', N, D, P>>

/** Node 20 has it, the ES2023 library of TypeScript has not. */
type WellFormed = string & { isWellFormed(): boolean }

const SLUG = /^[-\w]+$/
const URL_PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'ftp:', 'ftps:'])

/**
 * Why text cannot be stored: NUL is refused by PostgreSQL and cuts C strings elsewhere, lone
 * surrogates are silently replaced by both drivers.
 */
export function refuseText(text: string): Refusal | undefined {
  if (!(text as WellFormed).isWellFormed()) {
    return new Refusal('expects well-formed Unicode text, got a lone surrogate in it')
  }
  if (text.includes('\0')) {
    return new Refusal('expects text without NUL characters, got one that has them')
  }
  return undefined
}

function acceptText(input: unknown): string | Refusal {
  if (typeof input !== 'string') return refuse('text', input)
  return refuseText(input) ?? input
}

const TEXT_BASE = valueSchema(acceptText, { type: 'string' })

/** Length in code points, counted only where the number of UTF-16 units does not decide it. */
function isLonger(text: string, max: number): boolean {
  if (text.length <= max) return false
  if (text.length > 2 * max) return true
  let count = 0
  for (const character of text) {
    void character
    count += 1
  }
  return count > max
}

/** What text must look like beyond its length. */
interface Form {
  readonly expected: string
  test(text: string): boolean
}

const EMAIL: Form = { expected: 'an email address', test: (text) => z.regexes.email.test(text) }
const URL_FORM: Form = { expected: 'an absolute URL (http, https, ftp)', test: isUrl }
const SLUG_FORM: Form = {
  expected: 'letters, digits, hyphens and underscores',
  test: (text) => SLUG.test(text),
}

function textKind(
  name: string,
  maxLength: number | undefined,
  json: JsonSchema = {},
  form?: Form,
): ColumnKind<string> {
  const limit = (text: string): Refusal | undefined => {
    if (maxLength !== undefined && isLonger(text, maxLength)) {
      return new Refusal(`has at most ${maxLength} characters, got longer text`)
    }
    if (form === undefined || form.test(text)) return undefined
    return new Refusal(`expects ${form.expected}, got other text`)
  }
  return Object.freeze({
    name,
    family: 'text',
    base: TEXT_BASE,
    accept: acceptText,
    ...(maxLength === undefined && form === undefined ? {} : { limit }),
    json: { type: 'string', ...(maxLength === undefined ? {} : { maxLength }), ...json },
    toDb: (value: string) => (typeof value === 'string' ? value : undefined),
    plain: 'string',
    fromDb: readText,
    toJson: (value: string) => value,
    equals: (a: string, b: string) => a === b,
  } satisfies ColumnKind<string>)
}

function readText(raw: unknown): string {
  if (typeof raw === 'string') return raw
  // A column of SQLite without a type keeps numbers as they came.
  if (typeof raw === 'number' || typeof raw === 'bigint') return String(raw)
  throw new InvalidValueError(`holds ${describeValue(raw)} where text is due`)
}

function isUrl(text: string): boolean {
  // URL itself trims and repairs; what it would change is not what was meant.
  if (/\s/.test(text) || !URL.canParse(text)) return false
  return URL_PROTOCOLS.has(new URL(text).protocol) && /^[a-z]+:\/\//i.test(text)
}

/**
 * Text of at most `maxLength` characters.
 *
 * @throws ImproperlyConfigured without a sensible `maxLength`
 * @example fields.char({ maxLength: 100 })
 */
export function char<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: CharOptions<N, D, P>): Text<N, D, P> {
  assertOptions('char', options, optionNames('maxLength'))
  assertCount('char', 'maxLength', options.maxLength, 1)
  const { maxLength } = options
  return new ColumnField(textKind('char', maxLength), options, { maxLength })
}

/**
 * Text of any length.
 *
 * @throws ImproperlyConfigured
 * @example fields.text({ null: true })
 */
export function text<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<string, N, D, P> = {}): Text<N, D, P> {
  assertOptions('text', options, optionNames())
  return new ColumnField(textKind('text', undefined), options)
}

/**
 * An email address of at most 254 characters unless `maxLength` says otherwise.
 *
 * @throws ImproperlyConfigured
 * @example fields.email({ unique: true })
 */
export function email<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: SizedTextOptions<N, D, P> = {}): Text<N, D, P> {
  return sizedText('email', options, 254, { format: 'email' }, EMAIL)
}

/**
 * An absolute URL (http, https, ftp) of at most 200 characters unless `maxLength` says otherwise.
 *
 * @throws ImproperlyConfigured
 * @example fields.url({ maxLength: 2000 })
 */
export function url<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: SizedTextOptions<N, D, P> = {}): Text<N, D, P> {
  return sizedText('url', options, 200, { format: 'uri' }, URL_FORM)
}

/**
 * ASCII letters, digits, hyphens and underscores; at most 50 unless `maxLength` says otherwise.
 *
 * @throws ImproperlyConfigured
 * @example fields.slug({ unique: true })
 */
export function slug<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: SizedTextOptions<N, D, P> = {}): Text<N, D, P> {
  return sizedText('slug', options, 50, { pattern: SLUG.source }, SLUG_FORM)
}

/**
 * One of a list of texts; its values' type is their union. Stored as text.
 *
 * @throws ImproperlyConfigured if `choices` is empty
 * @example fields.choice({ choices: ['open', 'closed'], default: 'open' })
 */
export function choice<
  const C extends string,
  N extends boolean = false,
  D extends DefaultOf<NoInfer<C>> = undefined,
  P extends boolean = false,
>(options: ChoiceOptions<C, N, D, P>): ColumnField<SpecOf<C, 'text', N, D, P>> {
  assertOptions('choice', options, optionNames('maxLength'))
  if (options.choices === undefined) assertCount('choice', 'the number of choices', 0, 1)
  const { maxLength } = options
  if (maxLength !== undefined) assertCount('choice', 'maxLength', maxLength, 1)
  const kind = textKind('choice', maxLength) as unknown as ColumnKind<C>
  return new ColumnField(kind, options, { maxLength })
}

function sizedText<N extends boolean, D extends DefaultOf<string>, P extends boolean>(
  name: string,
  options: SizedTextOptions<N, D, P>,
  defaultLength: number,
  json: JsonSchema,
  form: Form,
): Text<N, D, P> {
  assertOptions(name, options, optionNames('maxLength'))
  const maxLength = options.maxLength ?? defaultLength
  assertCount(name, 'maxLength', maxLength, 1)
  return new ColumnField(textKind(name, maxLength, json, form), options, { maxLength })
}
