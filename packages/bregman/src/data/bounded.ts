/**
 * Runs `task` for 0 to `count` − 1, at most `limit` at a time, begun in order. After a failure
 * nothing more is begun.
 */
export async function forEachBounded(
  count: number,
  limit: number,
  task: (i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) {
      try {
        await task(next++);
      } catch (error) {
        next = count;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
}
