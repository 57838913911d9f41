import { expect } from 'chai'
import { type Boundary, onBoundary } from '../../lib/database/boundaries.ts'
import type { Runner } from '../../lib/database/runner.ts'
import { currentFrame, onCommit, onRollback } from '../../lib/database/transaction.ts'
import {
  CommitUnknownError,
  DatabaseError,
  OrmError,
  SerializationError,
  TransactionBrokenError,
  TransactionError,
  UniqueViolation,
} from '../../lib/errors.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  gate,
  insert,
  outcomes,
  read,
  rejection,
  savedIds,
  slowSql,
  until,
  useDatabase,
  write,
} from './helpers.ts'

describeOnEach('atomic()', (kind) => {
  const at = useDatabase(kind)

  it('saves everything and gives what the callback gave', async () => {
    const { db } = at
    const given = await db.atomic(async () => {
      await insert(db, 1)
      await insert(db, 2)
      return 'done'
    })
    expect(given).to.equal('done')
    expect(await savedIds(db)).to.deep.equal([1, 2])
  })

  it('saves nothing when the callback throws, and rethrows the very error', async () => {
    const { db } = at
    const boom = new Error('boom')
    const error = await rejection(
      db.atomic(async () => {
        await insert(db, 1)
        throw boom
      }),
    )
    expect(error).to.equal(boom)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('rejects when a statement failed though the callback swallowed it (F40)', async () => {
    const { db } = at
    const error = await rejection(
      db.atomic(async () => {
        await insert(db, 1)
        await insert(db, 1).catch(() => undefined)
        return 'as if nothing had happened'
      }),
    )
    expect(error).to.be.instanceOf(TransactionBrokenError)
    expect(error.cause).to.be.instanceOf(UniqueViolation)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('sends nothing after a failed statement (F40)', async () => {
    const { db } = at
    const sent: string[] = []
    db.knex.on('query', ({ sql }: { sql: string }) => sent.push(sql))
    let second: unknown
    await rejection(
      db.atomic(async () => {
        await insert(db, 1)
        const first = await rejection(insert(db, 1))
        second = await rejection(insert(db, 2))
        throw first
      }),
    )
    expect(second).to.be.instanceOf(TransactionBrokenError)
    expect((second as Error).cause).to.be.instanceOf(UniqueViolation)
    const insertion = sent[1]
    const begin = db.dialect === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN'
    expect(sent).to.deep.equal([begin, insertion, insertion, 'ROLLBACK'])
  })

  it('heals by rolling back to the savepoint of a nested atomic (F40)', async () => {
    const { db } = at
    let inner: unknown
    await db.atomic(async () => {
      await insert(db, 1)
      inner = await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          await insert(db, 1)
        }),
      )
      await insert(db, 3)
    })
    expect(inner).to.be.instanceOf(UniqueViolation)
    expect(await savedIds(db)).to.deep.equal([1, 3])
  })

  it('rejects a nested atomic whose callback swallowed an error, and heals the outer (F40)', async () => {
    const { db } = at
    let inner: unknown
    await db.atomic(async () => {
      await insert(db, 1)
      inner = await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          await insert(db, 1).catch(() => undefined)
        }),
      )
    })
    expect(inner).to.be.instanceOf(TransactionBrokenError)
    expect((inner as Error).cause).to.be.instanceOf(UniqueViolation)
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('nests deep: what a savepoint released goes when the one around it rolls back', async () => {
    const { db } = at
    await db.atomic(async () => {
      await insert(db, 1)
      await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          await db.atomic(() => insert(db, 3))
          throw new Error('undo 2 and 3')
        }),
      )
      await db.atomic(() => insert(db, 4))
    })
    expect(await savedIds(db)).to.deep.equal([1, 4])
  })

  it('runs parallel statements one after the other', async () => {
    const { db } = at
    const ids = [1, 2, 3, 4, 5, 6, 7, 8]
    await db.atomic(() => Promise.all(ids.map((id) => insert(db, id))))
    expect(await savedIds(db)).to.deep.equal(ids)
  })

  it('takes queries of plain knex beside statements', async () => {
    const { db } = at
    await db.atomic(async () => {
      const first = insert(db, 1)
      const knexs = db.join(db.knex('item').insert({ id: 2, name: 'knex' }))
      await Promise.all([first, knexs, insert(db, 3)])
    })
    expect(await savedIds(db)).to.deep.equal([1, 2, 3])
  })

  it('an outer write beside an open nested atomic waits and survives its rollback (F09)', async () => {
    const { db } = at
    await db.atomic(async () => {
      const inside = gate()
      const nested = rejection(
        db.atomic(async () => {
          await insert(db, 1)
          inside.open()
          await insert(db, 2)
          throw new Error('undo')
        }),
      )
      await inside.opened
      await Promise.all([insert(db, 3), nested])
    })
    expect(await savedIds(db)).to.deep.equal([3])
  })

  it('sibling atomics run one after the other, each undone by itself (F09)', async () => {
    const { db } = at
    const outcomes = await db.atomic(() =>
      Promise.allSettled(
        [1, 2, 3, 4].map((id) =>
          db.atomic(async () => {
            await insert(db, id)
            if (id % 2 === 0) throw new Error('even')
          }),
        ),
      ),
    )
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ])
    expect(await savedIds(db)).to.deep.equal([1, 3])
  })

  it('refuses work after its end, and never autocommits it (F08)', async () => {
    const { db } = at
    const after = gate()
    let late: Promise<Error> | undefined
    await db.atomic(async () => {
      await insert(db, 1)
      late = after.opened.then(() => rejection(insert(db, 2)))
    })
    after.open()
    const error = await late
    expect(error).to.be.instanceOf(TransactionError)
    expect(error?.message).to.match(/^This atomic\(\) already ended/)
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('refuses an atomic, and a start, after its end (F08)', async () => {
    const { db } = at
    const after = gate()
    let late: Promise<Error[]> | undefined
    await db.atomic(async () => {
      late = after.opened.then(() =>
        Promise.all([
          rejection(db.atomic(() => insert(db, 2))),
          rejection(db.start((runner) => write(runner, 'delete from item'), new Error()).read()),
        ]),
      )
    })
    after.open()
    const errors = await late
    expect(errors?.map(({ name }) => name)).to.deep.equal(['TransactionError', 'TransactionError'])
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('waits for statements the callback did not await', async () => {
    const { db } = at
    await db.atomic(() => {
      void insert(db, 1)
      void insert(db, 2)
    })
    expect(await savedIds(db)).to.deep.equal([1, 2])
  })

  it('waits for a nested atomic the callback did not await', async () => {
    const { db } = at
    await db.atomic(() => {
      void db.atomic(async () => {
        await insert(db, 1)
        await insert(db, 2)
      })
    })
    expect(await savedIds(db)).to.deep.equal([1, 2])
  })

  it('undoes a nested atomic that is open when the outer callback throws', async () => {
    const { db } = at
    const inside = gate()
    const after = gate()
    let nested: Promise<Error> | undefined
    await rejection(
      db.atomic(async () => {
        nested = rejection(
          db.atomic(async () => {
            await insert(db, 1)
            inside.open()
            await after.opened
            await insert(db, 2)
          }),
        )
        await inside.opened
        throw new Error('outer')
      }),
    )
    after.open()
    expect(await nested).to.be.instanceOf(TransactionError)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('undoes one that was being undone already, and goes on', async () => {
    const { db } = at
    const sent = gate()
    const open = ({ sql }: { sql: string }): void => {
      if (sql.startsWith('ROLLBACK TO')) sent.open()
    }
    let inner: Promise<unknown> | undefined
    await db.atomic(async () => {
      const error = await rejection(
        db.atomic(async () => {
          db.knex.on('query', open)
          inner = rejection(
            db.atomic(async () => {
              await insert(db, 1)
              throw new Error('inner')
            }),
          )
          await sent.opened
          throw new Error('outer')
        }),
      )
      expect(error.message).to.equal('outer')
      await db.atomic(() => db.atomic(() => insert(db, 2)))
    })
    db.knex.off('query', open)
    await inner
    expect(await savedIds(db)).to.deep.equal([2])
  })

  it('begins nothing new while it waits for what the callback did not await', async () => {
    const { db } = at
    const ends: Promise<string[]>[] = []
    await db.atomic(() => {
      const first = insert(db, 1)
      ends.push(outcomes([first, first.then(() => insert(db, 2))]))
      ends.push(outcomes([first.then(() => db.atomic(() => insert(db, 3)))]))
      ends.push(outcomes([first.then(() => db.start(() => savedIds(db), new Error()).read())]))
    })
    expect(await Promise.all(ends)).to.deep.equal([
      ['fulfilled', 'TransactionError'],
      ['TransactionError'],
      ['TransactionError'],
    ])
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('begins no nested atomic and no start behind a statement that failed (F40)', async () => {
    const { db } = at
    const begun: string[] = []
    const error = await rejection(
      db.atomic(async () => {
        await insert(db, 1)
        const all = [
          insert(db, 1),
          db.atomic(() => begun.push('atomic')),
          db.start(async () => begun.push('start'), new Error()).read(),
          db.start(async () => begun.push('read'), new Error(), undefined, 'reading').read(),
        ]
        expect(await outcomes(all)).to.deep.equal([
          'UniqueViolation',
          ...Array(3).fill('TransactionBrokenError'),
        ])
        expect(begun).to.deep.equal([])
      }),
    )
    expect(error).to.be.instanceOf(TransactionBrokenError)
    expect(error.cause).to.be.instanceOf(UniqueViolation)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('sends nothing more of what it did not await when the callback threw', async () => {
    const { db } = at
    let ends: Promise<string[]> = Promise.resolve([])
    const error = await rejection(
      db.atomic(async () => {
        await savedIds(db)
        ends = outcomes([insert(db, 1), insert(db, 2), insert(db, 3)])
        throw new Error('undo')
      }),
    )
    expect(error.message).to.equal('undo')
    // The first is on its way at once where statements are not sent together.
    expect((await ends).slice(1)).to.deep.equal(['TransactionError', 'TransactionError'])
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('sends nothing more in a nested atomic when the outer callback threw', async () => {
    const { db } = at
    let ends: Promise<string[]> = Promise.resolve([])
    let nested: Promise<Error> | undefined
    const error = await rejection(
      db.atomic(async () => {
        const inside = gate()
        nested = rejection(
          db.atomic(async () => {
            await savedIds(db)
            ends = outcomes([insert(db, 1), insert(db, 2), insert(db, 3)])
            inside.open()
            await ends
          }),
        )
        await inside.opened
        throw new Error('undo')
      }),
    )
    expect(error.message).to.equal('undo')
    expect((await nested)?.message).to.match(/^The atomic\(\) around this one ended first/)
    expect((await ends).slice(1)).to.deep.equal(['TransactionError', 'TransactionError'])
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('awaits a lazy thenable the callback returns, inside', async () => {
    const { db } = at
    const lazy = {
      then(resolve: (depth: number | undefined) => void) {
        resolve(currentFrame(db)?.depth)
      },
    } as PromiseLike<number | undefined>
    expect(await db.atomic(() => lazy)).to.equal(0)
    expect(await db.atomic(async () => lazy)).to.equal(0)
    expect(await db.atomic(() => db.atomic(async () => lazy))).to.equal(1)
  })

  it('keeps other contexts out of the transaction (F11)', async () => {
    const { db } = at
    const inside = gate()
    const seen = gate()
    const transaction = db.atomic(async () => {
      await insert(db, 1)
      inside.open()
      await seen.opened
    })
    await inside.opened
    expect(currentFrame(db)).to.equal(undefined)
    seen.open()
    await transaction
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('knows commit hooks: after the outermost commit, in order, outside the transaction', async () => {
    const { db } = at
    const calls: unknown[] = []
    await db.atomic(async () => {
      onCommit(db, async () => calls.push(['first', currentFrame(db), await savedIds(db)]))
      await db.atomic(async () => {
        await insert(db, 1)
        onCommit(db, () => calls.push('nested'))
      })
      await rejection(
        db.atomic(() => {
          onCommit(db, () => calls.push('undone'))
          throw new Error('undo')
        }),
      )
      onCommit(db, () => calls.push('last'))
      expect(calls).to.deep.equal([])
    })
    expect(calls).to.deep.equal([['first', undefined, [1]], 'nested', 'last'])
    let late: Promise<Error> | undefined
    const after = gate()
    await db.atomic(() => {
      late = after.opened.then(() => rejection((async () => onCommit(db, () => undefined))()))
    })
    after.open()
    expect(await late).to.be.instanceOf(TransactionError)
    onCommit(db, () => calls.push('at once'))
    expect(calls.at(-1)).to.equal('at once')
  })

  it('a failing commit hook rejects after all hooks ran; the data stays', async () => {
    const { db } = at
    const boom = new Error('boom')
    let ran = false
    const error = await rejection(
      db.atomic(
        async () => {
          await insert(db, 1)
          onCommit(db, () => Promise.reject(boom))
          onCommit(db, () => {
            ran = true
          })
        },
        { retries: 2 },
      ),
    )
    expect([error, ran]).to.deep.equal([boom, true])
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('knows rollback hooks: of savepoints too, and a released one hands them to its parent', async () => {
    const { db } = at
    const calls: string[] = []
    await db.atomic(async () => {
      onRollback(db, () => calls.push('outer'))
      await rejection(
        db.atomic(() => {
          onRollback(db, () => calls.push('inner 1'))
          onRollback(db, () => calls.push('inner 2'))
          throw new Error('undo')
        }),
      )
      expect(calls.splice(0)).to.deep.equal(['inner 2', 'inner 1'])
    })
    expect(calls).to.deep.equal([])
    await rejection(
      db.atomic(async () => {
        onRollback(db, () => calls.push('outer'))
        await db.atomic(() => onRollback(db, () => calls.push('released')))
        throw new Error('undo all')
      }),
    )
    expect(calls).to.deep.equal(['released', 'outer'])
  })

  it('knows hundreds of thousands of rollback and commit hooks of a savepoint', async () => {
    const { db } = at
    const counts = { undone: 0, committed: 0 }
    const add = (): void => {
      for (let left = 200_000; left > 0; left -= 1) {
        onRollback(db, () => {
          counts.undone += 1
        })
        onCommit(db, () => {
          counts.committed += 1
        })
      }
    }
    const boom = new Error('undo all')
    const undone = db.atomic(async () => {
      await db.atomic(add)
      throw boom
    })
    expect(await rejection(undone)).to.equal(boom)
    await db.atomic(() => db.atomic(add))
    expect(counts).to.deep.equal({ undone: 200_000, committed: 200_000 })
  })

  it('calls rollback hooks of what is abandoned with those of the frame around it, none later', async () => {
    const { db } = at
    const calls: string[] = []
    let abandoned: Promise<unknown> | undefined
    const [entered, goOn] = [gate(), gate()]
    const boom = new Error('undo all')
    const undone = db.atomic(async () => {
      onRollback(db, () => calls.push('outer'))
      abandoned = rejection(
        db.atomic(async () => {
          onRollback(db, () => calls.push('inner'))
          entered.open()
          await goOn.opened
          onRollback(db, () => calls.push('late'))
        }),
      )
      await entered.opened
      onRollback(db, () => calls.push('beside'))
      throw boom
    })
    expect(await rejection(undone)).to.equal(boom)
    expect(calls).to.deep.equal(['beside', 'inner', 'outer'])
    goOn.open()
    expect(await abandoned).to.be.instanceOf(TransactionError)
    await db.atomic(() => undefined)
    expect(calls).to.deep.equal(['beside', 'inner', 'outer'])
  })

  it('tells subscribers of every boundary, and frames of their end', async () => {
    const { db } = at
    const seen: string[] = []
    const off = onBoundary(({ kind: what, depth }: Boundary) => seen.push(`${what} ${depth}`))
    await db.atomic(async () => {
      currentFrame(db)?.onEnd((outcome) => seen.push(`outer ${outcome}`))
      await db.atomic(() => undefined)
      await rejection(
        db.atomic(() => {
          currentFrame(db)?.onEnd((outcome) => seen.push(`inner ${outcome}`))
          throw new Error('undo')
        }),
      )
    })
    off()
    await db.atomic(() => undefined)
    expect(seen).to.deep.equal([
      'begin 0',
      'savepoint 1',
      'release 1',
      'savepoint 1',
      'inner rolled back',
      'rollback to savepoint 1',
      'outer committed',
      'commit 0',
    ])
  })

  it('a listener or hook that throws is warned of, and decides nothing', async () => {
    const { db } = at
    const warnings: string[] = []
    const onWarning = ({ message }: Error) => warnings.push(message)
    process.on('warning', onWarning)
    const off = onBoundary(({ kind: what }: Boundary) => {
      if (what === 'commit') throw new TypeError('listener')
    })
    await db.atomic(async () => {
      await insert(db, 1)
      await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          onRollback(db, () => {
            throw 'no error'
          })
          throw new Error('undo')
        }),
      )
    })
    off()
    // Warnings are told in the next tick.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(warnings).to.deep.equal([
      "A listener for 'rollback' of a transaction threw: no error",
      "A listener for 'commit' of a transaction threw: TypeError: listener",
    ])
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('runs the whole callback again for a serialization failure, on the outermost only (F43)', async () => {
    const { db } = at
    const hooks: string[] = []
    let attempts = 0
    const given = await db.atomic(
      async () => {
        attempts += 1
        await insert(db, attempts)
        onCommit(db, () => hooks.push(`committed ${attempts}`))
        onRollback(db, () => hooks.push(`rolled back ${attempts}`))
        if (attempts < 3) {
          await db.atomic(
            () => {
              throw new SerializationError('busy')
            },
            { retries: 5 },
          )
        }
        return attempts
      },
      { retries: 2 },
    )
    expect(given).to.equal(3)
    expect(hooks).to.deep.equal(['rolled back 1', 'rolled back 2', 'committed 3'])
    expect(await savedIds(db)).to.deep.equal([3])
  })

  it('looks for a serialization failure in the causes of an error, five deep (F43)', async () => {
    const { db } = at
    for (const [depth, wanted] of [
      [4, 2],
      [5, 1],
    ] as const) {
      let attempts = 0
      const error = await rejection(
        db.atomic(
          () => {
            attempts += 1
            let cause: Error = new SerializationError('busy')
            for (let at = 0; at < depth; at += 1) cause = new Error(`around ${at}`, { cause })
            throw cause
          },
          { retries: 1 },
        ),
      )
      expect([error.message, attempts]).to.deep.equal([`around ${depth - 1}`, wanted])
    }
    let attempts = 0
    const unknown = new CommitUnknownError('?', { cause: new SerializationError('busy') })
    const work = () => {
      attempts += 1
      throw attempts === 1 ? unknown : 'text'
    }
    expect(await rejection(db.atomic(work, { retries: 5 }))).to.equal(unknown)
    expect(await rejection(db.atomic(work, { retries: 5 }))).to.equal('text')
    expect(attempts).to.equal(2)
  })

  it('gives up after the last retry with the last error (F43)', async () => {
    const { db } = at
    let attempts = 0
    const error = await rejection(
      db.atomic(
        () => {
          attempts += 1
          throw new SerializationError(`busy ${attempts}`)
        },
        { retries: 2 },
      ),
    )
    expect(error.message).to.equal('busy 3')
    const other = await rejection(
      db.atomic(
        () => {
          attempts += 1
          throw new Error('other')
        },
        { retries: 2 },
      ),
    )
    expect([other.message, attempts]).to.deep.equal(['other', 4])
  })

  it('refuses what it cannot do, before any SQL', async () => {
    const { db } = at
    let sent = 0
    db.knex.on('query', () => {
      sent += 1
    })
    const evil = { isolation: 'serializable; drop table item' } as unknown as object
    const errors = [
      await rejection(db.atomic(() => undefined, evil)),
      await rejection(db.atomic(() => undefined, { retries: -1 })),
      await rejection(db.atomic(() => undefined, { retries: 1.5 })),
      await rejection(db.atomic(() => undefined, { verify: true } as unknown as object)),
    ]
    expect(errors.map(({ name }) => name)).to.deep.equal(Array(4).fill('TransactionError'))
    expect(errors[0]?.message).to.not.include('drop table')
    expect(sent).to.equal(0)
    await db.atomic(async () => {
      const nested = [
        await rejection(db.atomic(() => undefined, { durable: true })),
        await rejection(db.atomic(() => undefined, { isolation: 'serializable' })),
        await rejection(db.atomic(() => undefined, { readOnly: true })),
      ]
      expect(nested.map(({ name }) => name)).to.deep.equal(Array(3).fill('TransactionError'))
      // What the transaction is anyway.
      await db.atomic(() => insert(db, 1), { readOnly: false, durable: false, retries: 1 })
    })
    expect(await savedIds(db)).to.deep.equal([1])
    await db.atomic(() => insert(db, 2), { durable: true })
    expect(await savedIds(db)).to.deep.equal([1, 2])
  })

  it('readOnly: reads are answered, writes are refused by the database, the connection is as before', async () => {
    const { db } = at
    await insert(db, 1)
    expect(await db.atomic(() => savedIds(db), { readOnly: true })).to.deep.equal([1])
    const error = await rejection(db.atomic(() => insert(db, 2), { readOnly: true }))
    expect(error).to.have.property('code', 'OPERATIONAL')
    await insert(db, 3)
    expect(await savedIds(db)).to.deep.equal([1, 3])
  })

  it('takes every isolation level', async () => {
    const { db } = at
    for (const isolation of [
      'read uncommitted',
      'read committed',
      'repeatable read',
      'serializable',
    ] as const) {
      const level = await db.atomic(
        () =>
          db.dialect === 'postgresql'
            ? read(db.current(), "select current_setting('transaction_isolation') as level")
            : [[isolation]],
        { isolation },
      )
      expect(level).to.deep.equal([[isolation]])
    }
  })

  it('runs a start on its own connection, and commits after it (F06)', async () => {
    const { db } = at
    await db.atomic(async () => {
      await insert(db, 1)
      db.start((runner) => write(runner, 'insert into item values (2, ?)', 'started'), new Error())
      await insert(db, 3)
    })
    expect(await savedIds(db)).to.deep.equal([1, 2, 3])
  })

  it('rejects the commit when a start failed, consumed or not (F06)', async () => {
    const { db } = at
    for (const isRead of [true, false]) {
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1)
          const started = db.start((runner) => read(runner, 'select * from nope'), new Error())
          if (isRead) await rejection(started.read())
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(error.cause).to.have.property('code', 'DATABASE')
    }
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('rejects the commit when a start went on as if nothing had failed (F06)', async () => {
    const { db } = at
    for (const manner of [undefined, 'reading'] as const) {
      const job = (runner: Runner) => rejection(read(runner, 'select * from nope'))
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1)
          const start = db.start(job, new Error(), undefined, manner)
          expect(await start.read()).to.be.instanceOf(DatabaseError)
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(error.cause).to.be.instanceOf(DatabaseError)
      expect(await savedIds(db)).to.deep.equal([])
    }
  })

  it('takes an atomic() in a start that does more than read', async () => {
    const { db } = at
    await db.atomic(async () => {
      const start = db.start(() => db.atomic(() => insert(db, 1)), new Error())
      await start.read()
    })
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('waits for a start of several statements that a nested atomic reads', async () => {
    const { db } = at
    await insert(db, 1)
    const answer = await db.atomic(async () => {
      const started = db.start(async (runner) => {
        const first = await read(runner, 'select count(*) as n from item')
        const second = await read(runner, 'select max(id) as m from item')
        return [first, second].map(([row]) => Number(row?.[0]))
      }, new Error())
      return await db.atomic(async () => {
        await insert(db, 2)
        return await started.read()
      })
    })
    expect(answer).to.deep.equal([1, 1])
  })

  it('a nested atomic can read a start that its parent made while it was open', async () => {
    const { db } = at
    await db.atomic(async () => {
      const inside = gate()
      const started = gate()
      let count: (() => Promise<unknown>) | undefined
      const nested = db.atomic(async () => {
        await insert(db, 1)
        inside.open()
        await started.opened
        expect(await count?.()).to.deep.equal([[1]])
      })
      await inside.opened
      const job = db.start((runner) => read(runner, 'select id from item'), new Error())
      count = () => job.read()
      started.open()
      await nested
    })
  })

  it('a started result is readable after the transaction ended, either way (F07)', async () => {
    const { db } = at
    const start = () => db.start((runner) => read(runner, 'select id from item'), new Error())
    const kept = await db.atomic(async () => {
      await insert(db, 1)
      return { started: start() }
    })
    expect(await kept.started.read()).to.deep.equal([[1]])
    let undone: ReturnType<typeof start> | undefined
    await rejection(
      db.atomic(async () => {
        await insert(db, 2)
        undone = start()
        await undone.read()
        throw new Error('undo')
      }),
    )
    expect(await undone?.read()).to.deep.equal([[1], [2]])
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('a timeout breaks the frame: the next statement is refused at once (F31)', async () => {
    const { db } = at
    let next: unknown
    const error = await rejection(
      db.atomic(async () => {
        await insert(db, 1)
        const slow = {
          sql: slowSql(kind.dialect),
          bindings: [],
          wants: 'rows',
          writes: false,
        } as const
        const timedOut = await rejection(db.current().run(slow, { timeoutMs: 50 }))
        expect(timedOut).to.have.property('code', 'QUERY_TIMEOUT')
        next = await rejection(savedIds(db))
      }),
    )
    expect(next).to.be.instanceOf(TransactionBrokenError)
    expect(error).to.be.instanceOf(TransactionBrokenError)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('leaves the pool idle whatever happened', async () => {
    const { db } = at
    await rejection(db.atomic(() => insert(db, 1).then(() => insert(db, 1))))
    await db.atomic(() => insert(db, 1))
    await rejection(db.atomic(() => Promise.reject(new OrmError('no'))))
    const pool = db.knex.client.pool
    await until(() => pool.numUsed() === 0)
    expect(pool.numPendingAcquires()).to.equal(0)
  })
})

describeOnEach('atomic() whose branches wait for each other (F10)', (kind) => {
  const at = useDatabase(kind, { acquireMs: 300 })

  it('ends so when the callback did not wait for them, too', async () => {
    const { db } = at
    const errors: Promise<Error>[] = []
    const error = await rejection(
      db.atomic(async () => {
        await insert(db, 1)
        const second = gate()
        errors.push(rejection(db.atomic(() => second.opened)))
        errors.push(rejection(db.atomic(() => second.open())))
      }),
    )
    expect(error).to.be.instanceOf(TransactionBrokenError)
    expect(error.cause)
      .to.have.property('message')
      .that.matches(/behind a nested atomic/)
    expect((await Promise.all(errors)).map(({ name }) => name)).to.deep.equal([
      'TransactionError',
      'TransactionError',
    ])
    await insert(db, 2)
    expect(await savedIds(db)).to.deep.equal([2])
  })

  it('waits longer behind one in which something happens', async () => {
    const { db } = at
    const inside = gate()
    await db.atomic(async () => {
      const nested = db.atomic(async () => {
        const start = performance.now()
        await savedIds(db)
        inside.open()
        while (performance.now() - start < 700) await savedIds(db)
        await insert(db, 1)
      })
      await inside.opened
      await insert(db, 2)
      await nested
    })
    expect(await savedIds(db)).to.deep.equal([1, 2])
  })

  it('ends with an explanation instead of hanging', async () => {
    const { db } = at
    const error = await rejection(
      db.atomic(async () => {
        const second = gate()
        await Promise.all([db.atomic(() => second.opened), db.atomic(() => second.open())])
      }),
    )
    expect(error).to.be.instanceOf(TransactionError)
    expect(error.message).to.match(/behind a nested atomic/)
    await insert(db, 1)
    expect(await savedIds(db)).to.deep.equal([1])
  })
})
