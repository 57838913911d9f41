/** A TCP proxy to the server that counts what a client waits for. */
import { connect, createServer, type Server, type Socket } from 'node:net'

export class CountingNetwork {
  /** Times that a client wrote after it had been answered: each waits for the network once. */
  roundTrips = 0
  /** Changes what clients send, into something as long. */
  rewrite: (data: Buffer) => Buffer = (data) => data
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      let isAnswered = true
      near.on('data', (data) => {
        if (isAnswered) this.roundTrips += 1
        isAnswered = false
        far.write(this.rewrite(data))
      })
      far.on('data', (data) => {
        isAnswered = true
        near.write(data)
      })
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.setNoDelay(true)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          near.destroy()
          far.destroy()
        })
      }
    })
  }

  /** How often work waited for the network. */
  async during(work: () => Promise<unknown>): Promise<number> {
    const before = this.roundTrips
    await work()
    return this.roundTrips - before
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Ends the connections that there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
