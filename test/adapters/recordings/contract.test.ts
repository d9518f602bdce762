import { recordingsContract } from '../../contract/recordings.ts';
import { memoryRecordings } from '../../support/memory-recordings.ts';
import { filesGround } from './files-ground.ts';

recordingsContract('files', async () => filesGround());

recordingsContract('the memory twin', async () => {
  const recordings = memoryRecordings();
  return {
    recordings,
    async crash() {
      recordings.crash();
      return recordings;
    },
    async [Symbol.asyncDispose]() {},
  };
});
