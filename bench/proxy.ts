/** A network that is slower than loopback: a TCP proxy whose way to the server takes a while. */
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  readonly port: number
  stop(): Promise<void>
}

/**
 * Forwards to a port of this machine, each chunk `delayMs` later. Only the way there is delayed, so
 * that a round trip pays for one timer, whose own lateness is up to a millisecond.
 */
export async function startProxy(target: number, delayMs: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true })
    // Timers of equal length fire in the order they were set, so chunks stay in order.
    near.on('data', (chunk) => setTimeout(() => far.write(chunk), delayMs))
    far.on('data', (chunk) => near.write(chunk))
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        setTimeout(() => other.destroy(), delayMs)
      })
    }
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address !== null && typeof address === 'object') resolve(address.port)
      else reject(new Error('The proxy has no port.'))
    })
  })
  return {
    port,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
