import type { ModelMeta, RelationMeta } from '../meta/model-meta.ts'

/** In which order rows of several models are deleted. */
export interface DeletionOrder {
  /** Each before those that its rows refer to. */
  readonly models: readonly ModelMeta[]
  /** Nullable keys that stood in the way: to be set to NULL in the rows before they are deleted. */
  readonly cut: ReadonlySet<RelationMeta>
}

/** Rows of `from` refer to rows of `to`, so that they must go first. */
interface Edge {
  readonly from: ModelMeta
  readonly to: ModelMeta
  readonly relation: RelationMeta
}

/**
 * The order in which foreign keys that are checked at once, by each statement, are never broken.
 * Every key counts, whatever its rule. A row may refer to its own table: one statement deletes both.
 * Where models refer to each other in a circle, a nullable key is cut; where none is nullable, rows
 * can only be there with keys that are checked at the end, and any order will do.
 */
export function deletionOrder(models: Iterable<ModelMeta>): DeletionOrder {
  const waiting = new Set(models)
  const cut = new Set<RelationMeta>()
  let edges = edgesBetween([...waiting])
  const order: ModelMeta[] = []
  while (waiting.size > 0) {
    const ready = [...waiting].filter((model) => edges.every(({ to }) => to !== model))
    if (ready.length === 0) {
      const weakest = edgeToCut(edges)
      if (weakest === undefined) return { models: [...order, ...waiting], cut }
      cut.add(weakest.relation)
      edges = edges.filter(({ relation }) => relation !== weakest.relation)
    }
    for (const model of ready) {
      order.push(model)
      waiting.delete(model)
    }
    edges = edges.filter(({ from }) => waiting.has(from))
  }
  return { models: order, cut }
}

/** By table: several models may be of one. */
function edgesBetween(models: readonly ModelMeta[]): Edge[] {
  return models.flatMap((from) =>
    from.columns.flatMap(({ relation }) =>
      models
        .filter(({ table }) => table === relation?.to.table && table !== from.table)
        .map((to) => ({ from, to, relation: relation as RelationMeta })),
    ),
  )
}

/** A nullable key on a circle; one that is set to NULL anyway, in other rows, if there is one. */
function edgeToCut(edges: readonly Edge[]): Edge | undefined {
  const nullable = edges.filter((edge) => edge.relation.nullable && leadsBack(edge, edges))
  return nullable.find(({ relation }) => relation.onDelete === 'setNull') ?? nullable[0]
}

function leadsBack({ from, to }: Edge, edges: readonly Edge[]): boolean {
  const reached = new Set([to])
  for (const model of reached) {
    for (const edge of edges) if (edge.from === model) reached.add(edge.to)
  }
  return reached.has(from)
}
