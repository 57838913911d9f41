import type {
  AggregateNode,
  CaseNode,
  ConditionTree,
  ExprNode,
  FuncNode,
  RowNumberNode,
  SelectPlan,
  WindowNode,
} from '../query/nodes.ts'
import type { ArithmeticOperator, Frame } from '../query/raw.ts'
import { emitCondition } from './conditions.ts'
import type { AggregateForm, Dialect } from './dialects/dialect.ts'
import { assertHeld } from './dialects/shared.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, list, quoted, sql } from './fragment.ts'
import { FUNCTION_SQL } from './function-sql.ts'
import { emitFunction } from './functions/functions.ts'
import { operand } from './functions/record.ts'
import { orderTerm } from './order-term.ts'

const ARITHMETIC: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'mod', 'pow'])

/** Makes SQL of expressions for one dialect; holds nothing, so one is enough for all queries. */
export class SqlEmitter implements Emitter {
  readonly dialect: Dialect
  readonly #query: (plan: SelectPlan) => Fragment

  constructor(dialect: Dialect, query: (plan: SelectPlan) => Fragment) {
    this.dialect = dialect
    this.#query = query
  }

  plain(node: ExprNode): Fragment {
    const { dialect } = this
    switch (node.kind) {
      case 'column':
        assertHeld(node.field, dialect.name)
        return sql`${quoted(node.source.alias, dialect.quote)}.${quoted(node.column, dialect.quote)}`
      case 'param':
        return dialect.bare(node)
      case 'func':
        return this.#func(node)
      case 'aggregate':
        return this.#aggregate(node)
      case 'condition':
        return sql`(${this.condition(node.condition)})`
      case 'rowNumber':
        return this.#rowNumber(node)
      case 'case':
        return this.#case(node)
      case 'window':
        return this.#window(node)
      case 'plan':
        if (node.plan.isEmpty) return keyword(node.exists ? '(1 = 0)' : 'null')
        return node.exists
          ? sql`exists (${this.#firstOf(node.plan)})`
          : sql`(${this.query(node.plan)})`
      default:
        throw new TypeError(`A node of the kind '${node.kind}' was not planned.`)
    }
  }

  compared(node: ExprNode): Fragment {
    if (node.kind === 'param') return this.dialect.bare(node)
    return this.dialect.comparable(this.plain(node), node.field)
  }

  typed(node: ExprNode): Fragment {
    if (node.kind === 'param') return this.dialect.typed(node)
    return this.dialect.comparable(this.plain(node), node.field)
  }

  selected(node: ExprNode): Fragment {
    const expression = node.kind === 'param' ? this.dialect.typed(node) : this.plain(node)
    return this.dialect.read(expression, node)
  }

  condition(tree: ConditionTree): Fragment {
    return emitCondition(tree, this)
  }

  query(plan: SelectPlan): Fragment {
    return this.#query(plan)
  }

  #func(node: FuncNode): Fragment {
    if (node.name === 'one') return keyword('1')
    const emit = FUNCTION_SQL.get(node.name)
    if (emit !== undefined) return emit(node.args, this)
    const known = emitFunction(node, this)
    if (known !== null) return known
    const [first, second] = [operand(node.args, 0), node.args[1]]
    if (node.name === 'jsonPath' && second?.kind === 'list') {
      return this.dialect.json.path(this.plain(first), second)
    }
    if (ARITHMETIC.has(node.name) && second !== undefined) {
      const operator = node.name as ArithmeticOperator
      return this.dialect.arithmetic(operator, this.typed(first), this.typed(second))
    }
    const transformed = this.dialect.transform(node.name, this.typed(first), first.field)
    if (transformed === null) throw new TypeError(`There is no SQL for '${node.name}'.`)
    return transformed
  }

  /**
   * Of a query whose rows are not counted, the first. SQLite 3.51 and later joins an EXISTS without a
   * limit, and then an OFFSET around it skips rows that are there more than once.
   */
  #firstOf(plan: SelectPlan): Fragment {
    const query = this.query(plan)
    const isOpen = plan.limit === null && plan.offset === 0
    return isOpen && this.dialect.name === 'sqlite' ? sql`${query} limit 1` : query
  }

  #rowNumber({ partition, ordering }: RowNumberNode): Fragment {
    const by = sql`partition by ${this.plain(partition)}`
    if (ordering.length === 0) return sql`row_number() over (${by})`
    const order = list(ordering.map((term) => orderTerm(term, this)))
    return sql`row_number() over (${by} order by ${order})`
  }

  #case({ branches, otherwise }: CaseNode): Fragment {
    const whens = branches.map(({ condition, then }) => {
      const value = this.typed(then)
      return sql`when ${this.condition(condition)} then ${value}`
    })
    const last = otherwise === null ? keyword('') : sql` else ${this.typed(otherwise)}`
    return sql`case ${list(whens, ' ')}${last} end`
  }

  #window({ input, partition, ordering, frame }: WindowNode): Fragment {
    const parts: Fragment[] = []
    if (partition.length > 0) {
      parts.push(sql`partition by ${list(partition.map((node) => this.plain(node)))}`)
    }
    if (ordering.length > 0) {
      parts.push(sql`order by ${list(ordering.map((order) => orderTerm(order, this)))}`)
    }
    if (frame !== null) parts.push(keyword(frameText(frame)))
    const over = sql` over (${list(parts, ' ')})`
    if (input.kind === 'aggregate') return this.#aggregate(input, over)
    return sql`${this.plain(input)}${over}`
  }

  #aggregate(node: AggregateNode, over?: Fragment): Fragment {
    const { dialect } = this
    const { name, filter } = node
    let input = this.#aggregated(node)
    const byCase = filter !== null && !dialect.hasAggregateFilter(name)
    if (byCase) input = sql`case when ${this.condition(filter)} then ${input ?? keyword('1')} end`
    let whole = dialect.aggregate(name, input, this.#form(node, over !== undefined))
    if (filter !== null && !byCase) whole = sql`${whole} filter (where ${this.condition(filter)})`
    if (over !== undefined) whole = sql`${whole}${over}`
    whole = dialect.aggregated(name, whole)
    return node.default === null ? whole : sql`coalesce(${whole}, ${this.typed(node.default)})`
  }

  /** What an aggregate is of; values that are put in a row are in the form that fields read. */
  #aggregated({ name, input }: AggregateNode): Fragment | null {
    if (input === null) return null
    return name === 'arrayAgg' ? this.selected(input) : this.typed(input)
  }

  #form(
    { distinct, sample, delimiter, ordering, input, filter }: AggregateNode,
    isWindow: boolean,
  ): AggregateForm {
    return {
      distinct,
      sample,
      delimiter: delimiter === null ? null : this.typed(delimiter),
      order: ordering.length === 0 ? null : list(ordering.map((order) => orderTerm(order, this))),
      field: input?.field ?? null,
      hasFilter: filter !== null,
      isWindow,
    }
  }
}

function frameText({ unit, start, end }: Frame): string {
  return `${unit} between ${bound(start, 'preceding')} and ${bound(end, 'following')}`
}

function bound(offset: number | null, unbounded: 'preceding' | 'following'): string {
  if (offset === null) return `unbounded ${unbounded}`
  if (offset === 0) return 'current row'
  return `${Math.abs(offset)} ${offset < 0 ? 'preceding' : 'following'}`
}
