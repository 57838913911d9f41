import { remembered } from '../../util/remembered.ts'
import { NotSent } from './driver.ts'
import {
  type DirectQuery,
  type DirectQueryClass,
  directQueryClass,
  type ParseValue,
  type PgDone,
  type PgQueryable,
  type PgQueryClass,
  type PgRequest,
  type Protocol,
  queryClassOf,
} from './pg-query.ts'

const NOTHING = { rows: [], tag: '' }

type Message<Name extends 'handleRowDescription' | 'handleDataRow' | 'handleCommandComplete'> =
  Parameters<DirectQuery[Name]>[0]

const flushing = new WeakMap<Protocol, Protocol>()

/** The same connection to the server, which is asked for answers so far instead of to synchronise. */
function withoutSync(protocol: Protocol): Protocol {
  return Object.create(protocol, { sync: { value: () => protocol.flush() } }) as Protocol
}

/** The statements of a batch, and which of them the server speaks of. */
class Parts {
  readonly #Part: DirectQueryClass
  readonly #requests: readonly PgRequest[]
  readonly #dones: readonly PgDone[]
  readonly #parts: DirectQuery[] = []
  #at = 0

  constructor(Part: DirectQueryClass, requests: readonly PgRequest[], dones: readonly PgDone[]) {
    this.#Part = Part
    this.#requests = requests
    this.#dones = dones
  }

  get current(): DirectQuery | undefined {
    return this.#parts[this.#at]
  }

  write(protocol: Protocol): void {
    const last = this.#requests.length - 1
    this.#requests.forEach((request, at) => {
      const part = new this.#Part(request, this.#dones[at] as PgDone)
      this.#parts.push(part)
      part.submit(at === last ? protocol : remembered(flushing, protocol, withoutSync))
    })
  }

  next(): void {
    this.#at += 1
  }

  fail(error: unknown, protocol: Protocol): void {
    const at = this.#at
    this.#at = this.#dones.length
    for (const { name } of this.#parts.slice(at)) {
      // What the server skipped, it has not prepared.
      if (name !== undefined) delete protocol.submittedNamedStatements[name]
    }
    this.#dones[at]?.(error, NOTHING)
    for (const done of this.#dones.slice(at + 1)) done(new NotSent(error), NOTHING)
  }
}

/**
 * Several statements in one write, with one Sync at their end: after one that failed PostgreSQL
 * skips the rest. So what follows a BEGIN that failed can never run outside a transaction.
 */
function batchQuery(Base: PgQueryClass) {
  return class BatchQuery extends Base {
    readonly #parts: Parts

    constructor(parts: Parts) {
      super('', [], () => undefined)
      this.#parts = parts
    }

    override submit(protocol: Protocol): Error | null {
      protocol.stream.cork?.()
      this.#parts.write(protocol)
      protocol.stream.uncork?.()
      this.#show()
      return null
    }

    handleRowDescription(message: Message<'handleRowDescription'>): void {
      this.#parts.current?.handleRowDescription(message)
    }

    handleDataRow(message: Message<'handleDataRow'>): void {
      this.#parts.current?.handleDataRow(message)
    }

    handleCommandComplete(message: Message<'handleCommandComplete'>): void {
      const part = this.#parts.current
      if (part === undefined) return
      this.#parts.next()
      this.#show()
      part.handleCommandComplete(message)
      part.handleReadyForQuery()
    }

    handleEmptyQuery(): void {
      this.handleCommandComplete({ text: '' })
    }

    handleError(error: unknown, protocol: Protocol): void {
      this.#parts.fail(error, protocol)
      this.callback(error)
    }

    handleReadyForQuery(): void {
      this.callback(null)
    }

    /** pg notes what was prepared by the name and text of the query that is being answered. */
    #show(): void {
      const part = this.#parts.current
      this.name = part?.name
      this.text = part?.text ?? ''
    }
  }
}

type BatchQueryClass = ReturnType<typeof batchQuery>

const classes = new WeakMap<PgQueryClass, BatchQueryClass>()

/**
 * Sends statements in one write; each is told its own answer as soon as it is there. After one that
 * failed the rest get a `NotSent`.
 *
 * @example
 * sendBatch(connection, [begin, insert], parserOf, [onBegun, onInserted])
 */
export function sendBatch(
  connection: PgQueryable,
  requests: readonly PgRequest[],
  parserOf: (oid: number) => ParseValue,
  dones: readonly PgDone[],
): void {
  const Batch = remembered(classes, queryClassOf(connection), batchQuery)
  const Part = directQueryClass(connection, parserOf)
  connection.query(new Batch(new Parts(Part, requests, dones)))
}
