// Back-pressure on an answer: whoever receives it says when nothing more is wanted for now.
#pragma once

namespace handover::http {

// The exchange that a Flow steers.
class FlowListener {
public:
    virtual void flow_paused() = 0;
    virtual void flow_resumed() = 0;

protected:
    ~FlowListener() = default;
};

// While paused nothing is handed over, nothing more is read from the upstream than what is in
// flight already (one buffer, or HTTP/2's window), and the deadlines that wait for bytes do not
// run. May be paused and resumed from within on_head and on_body as well as in between; no handler
// runs inside pause() or resume(). On the loop's thread only; outlives the exchange; good for one
// exchange after the other.
class Flow {
public:
    Flow() = default;
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;

    void pause() {
        if (paused_) return;
        paused_ = true;
        if (listener_ != nullptr) listener_->flow_paused();
    }
    void resume() {
        if (!paused_) return;
        paused_ = false;
        if (listener_ != nullptr) listener_->flow_resumed();
    }
    [[nodiscard]] bool paused() const { return paused_; }

    // For the exchange: from its beginning until its end (null).
    void attach(FlowListener* listener) { listener_ = listener; }

private:
    bool paused_ = false;
    FlowListener* listener_ = nullptr;
};

}  // namespace handover::http
