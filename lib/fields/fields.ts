import { array } from './array.ts'
import { binary } from './binary.ts'
import { boolean } from './boolean.ts'
import { date } from './date.ts'
import { dateTime } from './date-time.ts'
import { decimal } from './decimal.ts'
import { duration } from './duration.ts'
import { json } from './json.ts'
import { auto, bigAuto, bigInteger, float, integer, smallInteger } from './numbers.ts'
import { bigIntegerRange, dateRange, dateTimeRange, decimalRange, integerRange } from './range.ts'
import { foreignKey, manyToMany, oneToOne } from './relation-field.ts'
import { char, choice, email, slug, text, url } from './text.ts'
import { time } from './time.ts'
import { uuid } from './uuid.ts'
import { version } from './version.ts'

/** A builder for every kind of field; each is documented where it is written. */
export interface Fields {
  readonly auto: typeof auto
  readonly bigAuto: typeof bigAuto
  readonly uuid: typeof uuid
  readonly char: typeof char
  readonly text: typeof text
  readonly email: typeof email
  readonly url: typeof url
  readonly slug: typeof slug
  readonly choice: typeof choice
  readonly boolean: typeof boolean
  readonly integer: typeof integer
  readonly smallInteger: typeof smallInteger
  readonly bigInteger: typeof bigInteger
  readonly float: typeof float
  readonly decimal: typeof decimal
  readonly date: typeof date
  readonly dateTime: typeof dateTime
  readonly time: typeof time
  readonly duration: typeof duration
  readonly json: typeof json
  readonly binary: typeof binary
  readonly array: typeof array
  readonly integerRange: typeof integerRange
  readonly bigIntegerRange: typeof bigIntegerRange
  readonly decimalRange: typeof decimalRange
  readonly dateRange: typeof dateRange
  readonly dateTimeRange: typeof dateTimeRange
  readonly version: typeof version
  readonly foreignKey: typeof foreignKey
  readonly oneToOne: typeof oneToOne
  readonly manyToMany: typeof manyToMany
}

/**
 * What a model's columns and relations are declared with.
 *
 * @throws ImproperlyConfigured from each builder, if its options are wrong
 * @example { title: fields.char({ maxLength: 200 }), pages: fields.integer({ default: 0 }) }
 */
export const fields: Fields = Object.freeze({
  auto,
  bigAuto,
  uuid,
  char,
  text,
  email,
  url,
  slug,
  choice,
  boolean,
  integer,
  smallInteger,
  bigInteger,
  float,
  decimal,
  date,
  dateTime,
  time,
  duration,
  json,
  binary,
  array,
  integerRange,
  bigIntegerRange,
  decimalRange,
  dateRange,
  dateTimeRange,
  version,
  foreignKey,
  oneToOne,
  manyToMany,
})
