// oidc-provider's storage in memory, one per issuer, open to the tests: they look tokens up and make them expire.
export class Memory {
  models = new Map();

  table(model) {
    if (!this.models.has(model)) this.models.set(model, new Map());
    return this.models.get(model);
  }

  // The class that oidc-provider instantiates per model.
  adapter() {
    const memory = this;
    return class {
      constructor(model) {
        this.table = memory.table(model);
      }

      async upsert(id, payload) {
        this.table.set(id, payload);
      }

      async find(id) {
        return this.table.get(id);
      }

      async findByUid(uid) {
        return [...this.table.values()].find((payload) => payload.uid === uid);
      }

      async findByUserCode(userCode) {
        return [...this.table.values()].find((payload) => payload.userCode === userCode);
      }

      async consume(id) {
        this.table.get(id).consumed = Math.floor(Date.now() / 1000);
      }

      async destroy(id) {
        this.table.delete(id);
      }

      async revokeByGrantId(grantId) {
        for (const [id, payload] of this.table) {
          if (payload.grantId === grantId) this.table.delete(id);
        }
      }
    };
  }
}
