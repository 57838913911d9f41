import { QueryCountError } from '../errors.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { assertFunction } from '../util/shapes.ts'
import { type CapturedQuery, Recording } from './capture.ts'
import { hearKnex } from './capture-knex.ts'
import { QueryReport, queryLines } from './query-report.ts'
import { databaseFor } from './registry.ts'
import type { Database } from './runner.ts'

const DEFAULT_REPEATS = 3

/** Options of `expectQueries()` and `captureQueries()`. */
export interface CaptureOptions {
  /** Only what is sent to this database. @default every database */
  readonly using?: string | Database | undefined
  /** BEGIN, COMMIT, SAVEPOINT and their like are queries too. @default false */
  readonly transactions?: boolean | undefined
}

/** Options of `captureQueries()`. */
export interface CaptureReportOptions extends CaptureOptions {
  /** Each query has its values, as the driver got them. @default false */
  readonly bindings?: boolean | undefined
  /** From how many times on, from one place, a statement is reported as repeated. @default 3 */
  readonly repeats?: number | undefined
}

const COUNTED: OptionNames<CaptureOptions> = { using: true, transactions: 'flag' }
const REPORTED: OptionNames<CaptureReportOptions> = { ...COUNTED, bindings: 'flag', repeats: true }

async function record<T>(
  fn: () => T | PromiseLike<T>,
  { using, bindings }: CaptureReportOptions,
): Promise<{ readonly recording: Recording; readonly result: T }> {
  const databases = using === undefined ? undefined : new Set([databaseFor(using).name])
  const recording = new Recording({ databases, bindings: bindings ?? false })
  const stop = hearKnex()
  try {
    return { recording, result: await recording.around(fn) }
  } finally {
    stop()
  }
}

function counted(recording: Recording, { transactions }: CaptureOptions): CapturedQuery[] {
  return recording.queries.filter(({ kind }) => kind !== 'transaction' || transactions === true)
}

/**
 * Collects every statement that `fn` sends, awaited or started: what runs at the same time elsewhere
 * is not seen. It resolves once `fn` has and all that was started in it is answered, read or not.
 * Plain knex on a database that is connected is seen as well. Costs nothing while nobody captures.
 *
 * @throws what `fn` throws.
 * @example
 * const report = await captureQueries(() => renderPage(request))
 * report.queries.length
 * report.repeated // [{ sql: 'select …', times: 10, callSite: '/app/page.ts:12:20', … }]
 * console.log(report.formatted)
 */
export async function captureQueries<T>(
  fn: () => T | PromiseLike<T>,
  given: CaptureReportOptions = {},
): Promise<QueryReport<T>> {
  const options = readOptions('captureQueries()', given, REPORTED)
  assertFunction(fn, 'captureQueries(async () => { … })')
  const { recording, result } = await record(fn, options)
  const repeats = options.repeats ?? DEFAULT_REPEATS
  return new QueryReport(result, recording, counted(recording, options), repeats)
}

/**
 * What `fn` resolves to, provided that it sent exactly so many statements, started ones included.
 * What begins and ends transactions is not counted unless asked for; see `captureQueries()`.
 *
 * Source: Django's `assertNumQueries`, which counts savepoints too.
 *
 * @throws QueryCountError listing every statement and where it came from; what `fn` throws.
 * @example
 * const books = await expectQueries(1, () => Book.objects.selectRelated('author'))
 */
export async function expectQueries<T>(
  count: number,
  fn: () => T | PromiseLike<T>,
  given: CaptureOptions = {},
): Promise<T> {
  const options = readOptions('expectQueries()', given, COUNTED)
  assertFunction(fn, 'expectQueries(1, async () => { … })')
  const { recording, result } = await record(fn, options)
  const queries = counted(recording, options)
  if (queries.length === count) return result
  throw new QueryCountError(count, queries.length, queryLines(queries))
}
