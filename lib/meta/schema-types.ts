import type { z } from 'zod'
import type { PlainRow } from './row-types.ts'

/** The zod types of a model's columns, keys under their `…Id`. */
export type RowShape<FS> = {
  [K in keyof PlainRow<FS>]: z.ZodType<PlainRow<FS>[K]>
}

/** A zod object for rows of a model. */
export type RowSchema<FS> = z.ZodObject<RowShape<FS>, z.core.$strict>

/** A zod object for the input of `create()` or `update()`. */
export type InputSchema<FS> = z.ZodObject<
  { [K in keyof PlainRow<FS>]: z.ZodType<PlainRow<FS>[K] | undefined> },
  z.core.$strict
>
