/** A TCP proxy before a PostgreSQL server that counts what goes by, and is a bad network if told so. */
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `reject`: the server refuses the statement with an error of its own; `drop`: the statement
 * arrives, and the connection is cut (RST) when its answer comes; `end`: the same, politely (FIN);
 * `hang`: it arrives, and nothing is heard of this connection again.
 */
export type Fault = 'reject' | 'drop' | 'end' | 'hang'

const EXECUTE = 'E'.charCodeAt(0)
const PARSE = 'P'.charCodeAt(0)

/** No portal has this name, so executing it is an error on the server (34000). */
function withoutPortal(message: Buffer): Buffer {
  const portal = Buffer.from('no_such_portal\0')
  const rows = message.subarray(message.indexOf(0, 5) + 1)
  const length = Buffer.alloc(4)
  length.writeInt32BE(4 + portal.length + rows.length)
  return Buffer.concat([message.subarray(0, 1), length, portal, rows])
}

export class ServerProxy {
  /** Nothing goes through, in either direction, on old connections and new ones. */
  silent = false
  /** How long answers are under way. */
  lagMs = 0
  /** New connections are cut at once. */
  refusing = false
  /** Asked for each statement that is sent, on whatever connection; `n` counts from 1. */
  faultOf: ((n: number) => Fault | undefined) | undefined
  /** The connection is cut on the answer to what contains this text. */
  cutAfter: string | undefined
  /** Statements sent since the last `reset()`. */
  statements = 0
  /** How often the client sent something after it had heard something, since the last `reset()`. */
  roundTrips = 0
  /** The texts that were parsed since the last `reset()`. */
  readonly texts: string[] = []
  readonly #pairs: Set<readonly [near: Socket, far: Socket]> = new Set()
  readonly #server: Server
  readonly #target: URL
  #lastFrom: 'client' | 'server' = 'server'

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer((near) => this.#accept(near))
  }

  /** Listens on a free port before the server of a URL. */
  static async to(url: string): Promise<ServerProxy> {
    const proxy = new ServerProxy(new URL(url))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** The same database, by way of the proxy. */
  get url(): string {
    const address = this.#server.address()
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = typeof address === 'object' && address !== null ? String(address.port) : ''
    return url.href
  }

  /** How many connections are open through it. */
  get open(): number {
    return this.#pairs.size
  }

  reset(): void {
    this.statements = 0
    this.roundTrips = 0
    this.texts.length = 0
    this.#lastFrom = 'server'
  }

  /** Heals everything that was told to be bad; what hangs stays hanging. */
  heal(): void {
    this.silent = false
    this.lagMs = 0
    this.refusing = false
    this.faultOf = undefined
    this.cutAfter = undefined
  }

  /** Cuts every open connection: with an RST, or politely with a FIN. */
  cut(how: 'drop' | 'end' = 'drop'): void {
    for (const [near, far] of this.#pairs) {
      if (how === 'drop') near.resetAndDestroy()
      else near.end()
      far.destroy()
    }
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #accept(near: Socket): void {
    if (this.refusing) {
      near.on('error', () => undefined)
      near.resetAndDestroy()
      return
    }
    const far = connect(Number(this.#target.port), this.#target.hostname)
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        near.destroy()
        far.destroy()
        this.#pairs.delete(pair)
      })
    }
    this.#relay(near, far)
  }

  #relay(near: Socket, far: Socket): void {
    let fault: Fault | undefined
    let rest: Buffer = Buffer.alloc(0)
    let isStarted = false
    near.on('data', (data: Buffer) => {
      if (this.silent || fault === 'hang') return
      if (this.#lastFrom === 'server') this.roundTrips += 1
      this.#lastFrom = 'client'
      rest = Buffer.concat([rest, data])
      const out: Buffer[] = []
      for (;;) {
        const at = isStarted ? 1 : 0
        const end = rest.length < at + 4 ? Number.POSITIVE_INFINITY : at + rest.readInt32BE(at)
        if (end > rest.length) break
        const message = rest.subarray(0, end)
        rest = rest.subarray(end)
        const found = isStarted ? this.#faultAt(message) : undefined
        isStarted = true
        fault ??= found
        out.push(found === 'reject' ? withoutPortal(message) : message)
      }
      if (fault === 'reject') fault = undefined
      far.write(Buffer.concat(out))
    })
    far.on('data', (data) => {
      this.#lastFrom = 'server'
      if (this.silent || fault === 'hang') return
      if (fault === 'drop') near.resetAndDestroy()
      else if (fault === 'end') near.destroy()
      else if (this.lagMs === 0) near.write(data)
      else setTimeout(() => near.write(data), this.lagMs)
    })
  }

  #faultAt(message: Buffer): Fault | undefined {
    if (message[0] === PARSE) this.texts.push(textOf(message))
    if (this.cutAfter !== undefined && message.includes(this.cutAfter)) return 'drop'
    if (message[0] !== EXECUTE) return undefined
    this.statements += 1
    return this.faultOf?.(this.statements)
  }
}

/** The SQL of a Parse message, which is behind the name of the statement. */
function textOf(message: Buffer): string {
  const start = message.indexOf(0, 5) + 1
  return message.toString('utf8', start, message.indexOf(0, start))
}
