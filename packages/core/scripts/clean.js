// Removes what the last build wrote, lest a file whose source is gone be published or tested.
import { rm } from 'node:fs/promises';

for (const folder of ['build', 'dist', 'src/engine/generated']) {
  await rm(folder, { recursive: true, force: true });
}
