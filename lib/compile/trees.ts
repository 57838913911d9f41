import type { TreePlan } from '../query/nodes.ts'
import { tablesOf } from '../query/tables.ts'
import type { Emitter } from './emitter.ts'
import { bindConstant, type Fragment, keyword, list, quoted, sql } from './fragment.ts'

/** The names in a walk's SQL. */
interface Names {
  readonly tree: Fragment
  readonly reached: Fragment
  readonly node: Fragment
  readonly seed: Fragment
  readonly key: Fragment
  readonly depth: Fragment
  readonly start: Fragment
  readonly found: Fragment
}

/**
 * The keys of the rows that a walk finds, and their depths where they are asked for, as a query with
 * a recursive table. It ends where the rows make a circle: keys are taken once; with depths, a way
 * down ends where it began, and one up has at most as many steps as there are rows above.
 */
export function walkText(plan: TreePlan, emitter: Emitter): Fragment {
  const walk = new Walk(plan, emitter)
  return plan.hasDepth ? walk.withDepths() : walk.keys()
}

class Walk {
  readonly #plan: TreePlan
  readonly #seeds: Fragment
  readonly #names: Names
  readonly #table: Fragment
  readonly #own: Fragment
  readonly #parent: Fragment

  constructor(plan: TreePlan, emitter: Emitter) {
    const { quote } = emitter.dialect
    const { from, targetColumn, keyColumn } = plan.relation
    const name = (text: string): Fragment => quoted(text, quote)
    const taken = new Set([...tablesOf(plan.seeds), from.table].map((each) => each.toLowerCase()))
    const free = (text: string): Fragment => (taken.has(text) ? free(`${text}_`) : name(text))
    this.#plan = plan
    this.#seeds = emitter.query(plan.seeds)
    this.#names = {
      tree: free('tree'),
      reached: free('reached'),
      node: name('node'),
      seed: name('seed'),
      key: name('key'),
      depth: name('depth'),
      start: name('start'),
      found: name('c0'),
    }
    this.#table = name(from.table)
    this.#own = sql`${this.#names.node}.${name(targetColumn.column)}`
    this.#parent = sql`${this.#names.node}.${name(keyColumn?.column ?? '')}`
  }

  /** Without depths. */
  keys(): Fragment {
    const { tree, key } = this.#names
    return sql`with recursive ${this.#keysOf(tree, this.#plan.includesSelf)} select ${key} from ${tree}`
  }

  withDepths(): Fragment {
    const { tree, key, depth } = this.#names
    const tables = this.#plan.direction === 'down' ? this.#downwards() : this.#upwards()
    const further = this.#plan.includesSelf ? keyword('') : sql` where ${depth} > 0`
    return sql`with recursive ${tables} select ${key}, min(${depth}) as ${depth} from ${tree}${further} group by ${key}`
  }

  #keysOf(name: Fragment, includesSelf: boolean): Fragment {
    const { seed, key, found } = this.#names
    const from = sql`(${this.#seeds}) as ${seed}`
    const first = includesSelf
      ? sql`select ${seed}.${found} from ${from}`
      : this.#step(from, sql`${seed}.${found}`)
    return sql`${name} (${key}) as (${first} union ${this.#step(name, sql`${name}.${key}`)})`
  }

  #downwards(): Fragment {
    const { tree, seed, key, depth, start, found } = this.#names
    const first = sql`select distinct ${seed}.${found}, 0, ${seed}.${found} from (${this.#seeds}) as ${seed}`
    const more = [sql`${tree}.${depth} + 1`, sql`${tree}.${start}`]
    const goesOn = sql`(${tree}.${depth} = 0 or ${tree}.${key} <> ${tree}.${start})`
    const next = this.#step(tree, sql`${tree}.${key}`, more, [goesOn, ...this.#limit()])
    return sql`${tree} (${key}, ${depth}, ${start}) as (${first} union all ${next})`
  }

  #upwards(): Fragment {
    const { tree, reached, seed, key, depth, found } = this.#names
    const first = sql`select ${seed}.${found}, 0 from (${this.#seeds}) as ${seed}`
    const goesOn = sql`${tree}.${depth} < (select count(*) from ${reached})`
    const more = [sql`${tree}.${depth} + 1`]
    const next = this.#step(tree, sql`${tree}.${key}`, more, [goesOn, ...this.#limit()])
    const above = this.#keysOf(reached, false)
    return sql`${above}, ${tree} (${key}, ${depth}) as (${first} union ${next})`
  }

  #limit(): readonly Fragment[] {
    const { tree, depth } = this.#names
    const { maxDepth } = this.#plan
    return maxDepth === null ? [] : [sql`${tree}.${depth} < ${bindConstant(maxDepth)}`]
  }

  /** The rows one step from those whose keys are `near`. */
  #step(
    from: Fragment,
    near: Fragment,
    more: readonly Fragment[] = [],
    conditions: readonly Fragment[] = [],
  ): Fragment {
    const { node } = this.#names
    const isDown = this.#plan.direction === 'down'
    const [next, on] = isDown ? [this.#own, this.#parent] : [this.#parent, this.#own]
    const asked = isDown ? conditions : [sql`${next} is not null`, ...conditions]
    const where = asked.length === 0 ? keyword('') : sql` where ${list(asked, ' and ')}`
    return sql`select ${list([next, ...more])} from ${from} inner join ${this.#table} as ${node} on ${on} = ${near}${where}`
  }
}
