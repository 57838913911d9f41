import { remembered } from '../../util/remembered.ts'
/** How one value of a row is read from text; null where text is what it becomes. */
export type ParseValue = ((text: string) => unknown) | null

/** What a query answers: rows of values, and the tag of the command. */
export interface PgAnswer {
  readonly rows: unknown[][]
  readonly tag: string
  /** As the server described them, unless it had done so before. */
  readonly columns?: readonly PgColumn[] | undefined
}

/** A column as the server describes it. */
export interface PgColumn {
  readonly name: string
  readonly dataTypeID: number
}

/** Called once, with an error of pg or the server, or with the answer. */
export type PgDone = (error: unknown, answer: PgAnswer) => void

/** A statement that the server knows by a name. */
export interface NamedStatement {
  readonly name: string
  /** How its rows are read, once the server has described them. */
  parsers: readonly ParseValue[] | null
}

/** What is to be sent. */
export interface PgRequest {
  readonly text: string
  readonly values: readonly unknown[]
  readonly statement: NamedStatement | null
  /** Statements that the connection shall forget first. */
  readonly dropped: readonly string[]
}

/** The part of pg's protocol connection that is used here. */
export interface Protocol {
  readonly parsedStatements: Record<string, string>
  readonly submittedNamedStatements: Record<string, string>
  readonly stream: { cork?(): void; uncork?(): void }
  flush(): void
  close(message: { readonly type: 'S'; readonly name: string }): void
  describe(message: unknown): void
}

/** The part of pg's own query that is extended here. */
export interface PgQuery {
  name: string | undefined
  text: string
  queryMode: string | undefined
  types: unknown
  submit(protocol: Protocol): Error | null
  prepare(protocol: Protocol): void
  callback: (error: unknown, answer?: PgAnswer) => void
}

/** pg's own class of queries. */
export type PgQueryClass = new (
  text: string,
  values: readonly unknown[],
  done: (error: unknown, answer: PgAnswer) => void,
) => PgQuery

/** A connection of pg: its class knows the class of queries. */
export interface PgQueryable {
  query(query: PgQuery): unknown
}

/** The class of queries that a connection's class names. */
export function queryClassOf(connection: PgQueryable): PgQueryClass {
  return (connection.constructor as unknown as { readonly Query: PgQueryClass }).Query
}

// pg hands `types` to its protocol writer, as the list of parameter types, which must be empty.
const NO_TYPES = { length: 0 } as const

/**
 * pg's query, with rows taken as they come from the wire: pg's own result makes an array or object
 * for each, and asks for the description of the rows of a statement each time it runs.
 */
function directQuery(Base: PgQueryClass, parserOf: (oid: number) => ParseValue): DirectQueryClass {
  return class DirectQuery extends Base {
    readonly #request: PgRequest
    readonly #rows: unknown[][] = []
    #parsers: readonly ParseValue[]
    #columns: readonly PgColumn[] | undefined
    #tag = ''

    constructor(request: PgRequest, done: PgDone) {
      const { text, values, statement } = request
      // Not by an object of options, which pg would copy first.
      super(text, values, done)
      this.name = statement?.name
      // Even without values: the simple protocol would run several statements at once.
      this.queryMode = 'extended'
      this.types = NO_TYPES
      this.#request = request
      this.#parsers = statement?.parsers ?? []
    }

    override submit(protocol: Protocol): Error | null {
      for (const name of this.#request.dropped) {
        protocol.close({ type: 'S', name })
        delete protocol.parsedStatements[name]
      }
      return super.submit(protocol)
    }

    override prepare(protocol: Protocol): void {
      const isDescribed = this.#request.statement?.parsers != null
      super.prepare(isDescribed ? remembered(silent, protocol, withoutDescribe) : protocol)
    }

    handleRowDescription({ fields }: { readonly fields: readonly PgColumn[] }): void {
      this.#columns = fields
      this.#parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID))
      const { statement } = this.#request
      if (statement !== null) statement.parsers = this.#parsers
    }

    handleDataRow({ fields }: { readonly fields: unknown[] }): void {
      const parsers = this.#parsers
      for (let at = 0; at < fields.length; at += 1) {
        const parse = parsers[at]
        const text = fields[at]
        if (parse != null && text !== null) fields[at] = parse(text as string)
      }
      this.#rows.push(fields)
    }

    handleCommandComplete({ text }: { readonly text: string }): void {
      this.#tag = text
    }

    handleReadyForQuery(): void {
      this.callback(null, { rows: this.#rows, tag: this.#tag, columns: this.#columns })
    }
  }
}

/** A query that takes rows as they come: what pg tells it. */
export interface DirectQuery extends PgQuery {
  handleRowDescription(message: { readonly fields: readonly PgColumn[] }): void
  handleDataRow(message: { readonly fields: unknown[] }): void
  handleCommandComplete(message: { readonly text: string }): void
  handleReadyForQuery(): void
}

/** Its class, which stands on the class of one installation of pg. */
export type DirectQueryClass = new (request: PgRequest, done: PgDone) => DirectQuery

const silent = new WeakMap<Protocol, Protocol>()

/** The same connection to the server, on which nothing is asked to be described. */
function withoutDescribe(protocol: Protocol): Protocol {
  return Object.create(protocol, { describe: { value: () => undefined } }) as Protocol
}

const classes = new WeakMap<PgQueryClass, DirectQueryClass>()

/**
 * The class of queries that takes rows as they come, for a connection. Written on pg's own class, so
 * that errors, notices and timeouts are pg's business as ever.
 */
export function directQueryClass(
  connection: PgQueryable,
  parserOf: (oid: number) => ParseValue,
): DirectQueryClass {
  const Base = queryClassOf(connection)
  let Direct = classes.get(Base)
  if (Direct === undefined) {
    Direct = directQuery(Base, parserOf)
    classes.set(Base, Direct)
  }
  return Direct
}

/**
 * Sends one statement.
 *
 * @example
 * sendDirect(connection, { text: 'SELECT 1', values: [], statement: null, dropped: [] }, parserOf, done)
 */
export function sendDirect(
  connection: PgQueryable,
  request: PgRequest,
  parserOf: (oid: number) => ParseValue,
  done: PgDone,
): void {
  const Direct = directQueryClass(connection, parserOf)
  connection.query(new Direct(request, done))
}
